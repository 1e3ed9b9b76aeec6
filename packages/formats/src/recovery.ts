// The statement with which a chip makes a new journal (spec/recovery.md), and the bundle in which it
// travels to the chip. The chip's own checks, against its nonce and its floors, are device/agent/core.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  arrayOf,
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  nullable,
  oneOf,
  signCoseWith,
  tuple,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { successionCountMax } from './delegation.ts';
import { checkCounterCap, followRoot, type Trust, verifyAuthority } from './root-trust.ts';
import { bytes16, bytes32, count, readItem, readObject, readValue } from './shapes.ts';
import { type SignedKind, verifySigned } from './signed-object.ts';

export const recoveryKind: SignedKind = {
  typ: 'application/firmseal-recovery',
  payloadMaxBytes: 128,
  malformed: 'recovery-malformed',
  invalid: 'recovery-signature-invalid',
};

const bundleMaxBytes = 4096;

export interface RecoveryStatement {
  /** Of the device, 32 bytes. */
  readonly thumbprint: Bytes;
  /** Of the chip's last hello, 16 bytes. */
  readonly nonce: Bytes;
  /** The security counter of the new journal. */
  readonly securityCounter: number;
  /** The epoch in force. */
  readonly epoch: number;
  /** The count of unwraps of the new journal. */
  readonly unwraps: number;
}

/** What travels to the chip: encoded objects. */
export interface RecoveryBundle {
  readonly statement: Bytes;
  /** Of the recoverer; missing when the root itself signed. */
  readonly delegation?: Bytes;
  readonly epochStatement?: Bytes;
  /** Oldest first, at most 4. */
  readonly successions: readonly Bytes[];
}

const statementShape = {
  formatVersion: field(0, oneOf(1)),
  thumbprint: field(1, bytes32),
  nonce: field(2, bytes16),
  securityCounter: field(3, count),
  epoch: field(4, count),
  unwraps: field(5, count),
};

const anObject = byteString(0, bundleMaxBytes);
const bundleSchema = tuple(
  anObject,
  nullable(anObject),
  nullable(anObject),
  arrayOf(anObject, 0, successionCountMax),
);

/** Signs a statement: the encoded object. */
export function makeRecoveryStatement(
  crypto: Crypto,
  signer: CoseSigner,
  statement: RecoveryStatement,
): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, statement.thumbprint],
      [2, statement.nonce],
      [3, statement.securityCounter],
      [4, statement.epoch],
      [5, statement.unwraps],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: recoveryKind.typ, payload });
}

/** The body of the request *recover*. RangeError when it would be longer than a chip takes. */
export function encodeRecoveryBundle(bundle: RecoveryBundle): Bytes {
  const { statement, delegation = null, epochStatement = null, successions } = bundle;
  const encoded = encodeCbor([statement, delegation, epochStatement, [...successions]]);
  if (encoded.length > bundleMaxBytes) throw new RangeError(`a recovery bundle of ${encoded.length} bytes`);
  return encoded;
}

/** Its parts; nothing is verified. Throws `recovery-malformed`. */
export function readRecoveryBundle(bytes: Uint8Array): RecoveryBundle {
  if (bytes.length > bundleMaxBytes) throw new Fault('recovery-malformed', { lengthBytes: bytes.length });
  const item = readItem(bytes, 'recovery-malformed');
  const [statement, delegation, epochStatement, successions] = readValue(
    item,
    'recovery-malformed',
    'recovery bundle',
    bundleSchema,
  );
  return {
    statement,
    ...(delegation === null ? {} : { delegation }),
    ...(epochStatement === null ? {} : { epochStatement }),
    successions,
  };
}

/** What the chip says of itself, and what it begins a decision with. */
export interface KnownOfChip {
  readonly trust: Trust;
  readonly thumbprint: Uint8Array;
  /** Of its last hello, as the two counts. */
  readonly nonce: Uint8Array;
  readonly securityCounter: number;
  readonly unwraps: number;
}

/**
 * Every check of spec/recovery.md section 3 that needs no floor of the chip, in its order. Throws
 * `recovery-malformed`, the faults of verifyAuthority, `recovery-signature-invalid`, `recovery-device-wrong`,
 * `recovery-nonce-wrong`, `recovery-epoch-wrong`, `delegation-counter-exceeded`, `recovery-floor-low`.
 */
export function verifyRecovery(crypto: Crypto, bytes: Uint8Array, known: KnownOfChip): RecoveryStatement {
  const { statement, delegation, ...objects } = readRecoveryBundle(bytes);
  const authority = delegation
    ? verifyAuthority(crypto, { ...objects, delegation }, { ...known.trust, role: 'recoverer' })
    : { delegate: undefined, trust: followRoot(crypto, objects, known.trust) };
  const { delegate, trust } = authority;
  const publicKey = delegate?.publicKey ?? trust.rootPublicKey;
  const object = verifySigned(crypto, statement, { kind: recoveryKind, publicKey });
  const { formatVersion: _, ...read } = readObject(
    object.payload,
    'recovery-malformed',
    'recovery statement',
    statementShape,
  );
  if (!equalBytes(read.thumbprint, known.thumbprint)) throw new Fault('recovery-device-wrong');
  if (!equalBytes(read.nonce, known.nonce)) throw new Fault('recovery-nonce-wrong');
  if (read.epoch !== trust.epoch)
    throw new Fault('recovery-epoch-wrong', { stated: read.epoch, inForce: trust.epoch });
  if (delegate) checkCounterCap(delegate, read.securityCounter);
  if (read.securityCounter < known.securityCounter || read.unwraps < known.unwraps)
    throw new Fault('recovery-floor-low', { securityCounter: read.securityCounter, unwraps: read.unwraps });
  return read;
}
