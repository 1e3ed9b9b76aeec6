// ES256 (RFC 9053, section 2.1): ECDSA on P-256 with SHA-256, signature r || s, s at most half the group's
// order (spec/encoding.md, section 2).

import { sign, verify } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import { hasHighS, lowS } from '@firmseal/crypto';
import { fromDer, toDer } from './ecdsa-value.ts';
import { privateKeyOf } from './private-key.ts';
import { publicKeyOf } from './public-key.ts';

const signatureSizeBytes = 64;

/** r || s over SHA-256 of the message, s low. Throws `internal-error` when the key is no scalar in 1..n-1. */
export function signEs256(privateKey: Uint8Array, message: Uint8Array): Bytes {
  return lowS(fromDer(sign('sha256', message, privateKeyOf(privateKey))));
}

/** False for a wrong signature, a high s, r or s out of 1..n-1, or an invalid point; never throws. */
export function verifyEs256(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== signatureSizeBytes || hasHighS(signature)) return false;
  const key = publicKeyOf(publicKey);
  if (!key) return false;
  try {
    return verify('sha256', message, key, toDer(signature));
  } catch {
    return false;
  }
}
