// The signed objects of the specification, in the one order that spec/encoding.md section 2 has for them:
// shell, signature, payload. Every fault of the shell or the payload is the object's own "malformed" fault.

import type { Bytes } from '@firmseal/bytes';
import { type OpenedCose, openCose } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault, type FaultCode } from '@firmseal/fault';
import { orMalformed } from './shapes.ts';

/** A signed object may be so much longer than its payload. */
const shellMaxBytes = 128;

/** A kind of object: its line in the tables of encoding.md, and its two faults. */
export interface SignedKind {
  readonly typ: string;
  readonly payloadMaxBytes: number;
  readonly malformed: FaultCode;
  readonly invalid: FaultCode;
  /** Where a length beyond the limit is not the malformed fault. */
  readonly tooLarge?: FaultCode;
}

/**
 * Lengths and shell; the signature is not checked. Throws the malformed fault, caused
 * by the CBOR or COSE fault.
 */
export function openSigned(bytes: Uint8Array, kind: SignedKind): OpenedCose {
  const { typ, malformed, payloadMaxBytes, tooLarge = malformed } = kind;
  if (bytes.length > payloadMaxBytes + shellMaxBytes)
    throw new Fault(tooLarge, { lengthBytes: bytes.length });
  const object = orMalformed(malformed, () => openCose(bytes, typ));
  if (object.payload.length > payloadMaxBytes)
    throw new Fault(tooLarge, { lengthBytes: object.payload.length });
  return object;
}

/** Whether the signature is that key's. */
export function isSignedBy(crypto: Crypto, object: OpenedCose, publicKey: Uint8Array): boolean {
  return crypto.verifyEs256(publicKey, object.signatureInput, object.signature);
}

/**
 * Shell, then signature: what may be parsed next is the payload. Throws the malformed
 * fault, then the invalid one.
 */
export function verifySigned(
  crypto: Crypto,
  bytes: Uint8Array,
  { kind, publicKey }: { kind: SignedKind; publicKey: Uint8Array },
): OpenedCose {
  const object = openSigned(bytes, kind);
  if (!isSignedBy(crypto, object, publicKey)) throw new Fault(kind.invalid);
  return object;
}

/** Digest of an object: SHA-256 of its Sig_structure (encoding.md section 2); 32 bytes. */
export function digestOf(crypto: Crypto, object: OpenedCose): Bytes {
  return crypto.sha256(object.signatureInput);
}
