// The owner's word after a database was lost: spec/approval.md section 5. The root signs from which state the
// authority goes on, so that nobody else can put an older database into force without the audit saying so.

import type { Bytes } from '@firmseal/bytes';
import { type CoseSigner, field, oneOf } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  openSigned,
  readObject,
  type SignedKind,
  shortText,
  verifySigned,
  word,
} from '@firmseal/formats';
import { signValues } from './sign-values.ts';
import { printableText } from './subject.ts';

const restoreKind: SignedKind = {
  typ: 'application/firmseal-restore',
  payloadMaxBytes: 384,
  malformed: 'restore-malformed',
  invalid: 'restore-signature-invalid',
};

export interface RestoreStatement {
  readonly product: string;
  /** Entries of the log that is put back into force. */
  readonly logSize: number;
  /** Its head, 32 bytes. */
  readonly logHead: Bytes;
  /** Entries that had been written, as far as the owner knows. */
  readonly knownSize: number;
  /** Seconds since 1970, by the clock of whoever signs. */
  readonly atSeconds: number;
  /** 1 to 200 printable ASCII characters. */
  readonly reason: string;
}

const shape = {
  formatVersion: field(0, oneOf(1)),
  product: field(1, shortText),
  logSize: field(2, word),
  logHead: field(3, bytes32),
  knownSize: field(4, word),
  atSeconds: field(5, word),
  reason: field(6, printableText(200)),
};

function readPayload(payload: Uint8Array): RestoreStatement {
  const { formatVersion: _, ...statement } = readObject(
    payload,
    restoreKind.malformed,
    'restore statement',
    shape,
  );
  return statement;
}

/** The encoded object. Rejects with `product-name-invalid`, `restore-malformed`. */
export function makeRestoreStatement(
  crypto: Crypto,
  root: CoseSigner,
  statement: RestoreStatement,
): Promise<Bytes> {
  return signValues(crypto, root, {
    kind: restoreKind,
    product: statement.product,
    values: [
      statement.product,
      statement.logSize,
      statement.logHead,
      statement.knownSize,
      statement.atSeconds,
      statement.reason,
    ],
    read: readPayload,
  });
}

/** Shape alone: to find out for which product it is. Throws `restore-malformed`. */
export const readRestoreUnverified = (bytes: Uint8Array): RestoreStatement =>
  readPayload(openSigned(bytes, restoreKind).payload);

/** Section 5. Throws `restore-malformed`, `restore-signature-invalid`, `restore-wrong`. */
export function verifyRestore(
  crypto: Crypto,
  bytes: Uint8Array,
  trust: { readonly rootPublicKey: Uint8Array; readonly product: string },
): RestoreStatement {
  const object = verifySigned(crypto, bytes, { kind: restoreKind, publicKey: trust.rootPublicKey });
  const statement = readPayload(object.payload);
  if (statement.product !== trust.product) throw new Fault('restore-wrong', { what: 'product' });
  return statement;
}
