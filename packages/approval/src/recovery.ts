// The owner's word after a database was lost: spec/approval.md section 5. The root signs from which state the
// authority goes on, so that nobody else can put an older database into force without the audit saying so.

import type { Bytes } from '@firmseal/bytes';
import { type CborInput, type CoseSigner, encodeCbor, field, oneOf, signCoseWith } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  openSigned,
  readObject,
  requireProductName,
  type SignedKind,
  shortText,
  verifySigned,
  word,
} from '@firmseal/formats';
import { printableText } from './subject.ts';

const recoveryKind: SignedKind = {
  typ: 'application/firmseal-recovery',
  payloadMaxBytes: 384,
  malformed: 'recovery-malformed',
  invalid: 'recovery-signature-invalid',
};

export interface Recovery {
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

function readPayload(payload: Uint8Array): Recovery {
  const { formatVersion: _, ...recovery } = readObject(payload, recoveryKind.malformed, 'recovery', shape);
  return recovery;
}

/** The encoded object. Rejects with `product-name-invalid`, `recovery-malformed`. */
export async function makeRecovery(crypto: Crypto, root: CoseSigner, recovery: Recovery): Promise<Bytes> {
  requireProductName(recovery.product);
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, recovery.product],
      [2, recovery.logSize],
      [3, recovery.logHead],
      [4, recovery.knownSize],
      [5, recovery.atSeconds],
      [6, recovery.reason],
    ]),
  );
  readPayload(payload);
  return signCoseWith(crypto, { signer: root, typ: recoveryKind.typ, payload });
}

/** Shape alone: to find out for which product it is. Throws `recovery-malformed`. */
export const readRecoveryUnverified = (bytes: Uint8Array): Recovery =>
  readPayload(openSigned(bytes, recoveryKind).payload);

/** Section 5. Throws `recovery-malformed`, `recovery-signature-invalid`, `recovery-wrong`. */
export function verifyRecovery(
  crypto: Crypto,
  bytes: Uint8Array,
  trust: { readonly rootPublicKey: Uint8Array; readonly product: string },
): Recovery {
  const object = verifySigned(crypto, bytes, { kind: recoveryKind, publicKey: trust.rootPublicKey });
  const recovery = readPayload(object.payload);
  if (recovery.product !== trust.product) throw new Fault('recovery-wrong', { what: 'product' });
  return recovery;
}
