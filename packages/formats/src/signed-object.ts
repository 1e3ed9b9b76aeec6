// Opens the COSE_Sign1 shell of the specification's objects (spec/encoding.md section 2), turning
// every fault of the shell into the object's own "malformed" fault. Which object, under which key
// and in which order is the caller's.

import type { Bytes } from '@firmseal/bytes';
import { type OpenedCose, openCose } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault, type FaultCode } from '@firmseal/fault';
import { orMalformed } from './shapes.ts';

/**
 * Shape of the shell only; the signature is not checked. Throws the fault `malformed`,
 * caused by the CBOR or COSE fault.
 */
export function openSigned(bytes: Uint8Array, typ: string, malformed: FaultCode): OpenedCose {
  return orMalformed(malformed, () => openCose(bytes, typ));
}

/** Throws the fault `invalid` when the signature is not the key's. */
export function checkSigned(
  crypto: Crypto,
  object: OpenedCose,
  key: { publicKey: Uint8Array; invalid: FaultCode },
): void {
  if (!crypto.verifyEs256(key.publicKey, object.signatureInput, object.signature))
    throw new Fault(key.invalid);
}

/** Digest of an object: SHA-256 of its Sig_structure (encoding.md section 2); 32 bytes. */
export function digestOf(crypto: Crypto, object: OpenedCose): Bytes {
  return crypto.sha256(object.signatureInput);
}
