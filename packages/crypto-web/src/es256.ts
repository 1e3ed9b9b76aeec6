// ES256 (RFC 9053, section 2.1) on noble's P-256: signature r || s, s at most half the group's order
// (spec/encoding.md, section 2).

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { p256 } from '@noble/curves/nist.js';
import { isUncompressedPoint } from './p256.ts';

const options = { prehash: true, lowS: true, format: 'compact' } as const;

/** r || s over SHA-256 of the message, s low. Throws `internal-error` when the key is no scalar in 1..n-1. */
export function signEs256(privateKey: Uint8Array, message: Uint8Array): Bytes {
  if (!p256.utils.isValidSecretKey(privateKey))
    throw new Fault('internal-error', { detail: 'a private key is not a P-256 scalar' });
  return Uint8Array.from(p256.sign(message, privateKey, options));
}

/** False for a wrong signature, a high s, r or s out of 1..n-1, or an invalid point; never throws. */
export function verifyEs256(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isUncompressedPoint(publicKey) || signature.length !== 64) return false;
  try {
    return p256.verify(signature, message, publicKey, options);
  } catch {
    return false;
  }
}
