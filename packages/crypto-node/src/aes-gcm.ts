// AES-256-GCM (NIST SP 800-38D) in one shot, 12-byte nonce, 16-byte tag. Records are sealed and opened with
// it, so it copies no more than node:crypto forces: once, to put the tag behind the ciphertext.

import { createCipheriv, createSecretKey } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { openGcm, tagSizeBytes } from './open-gcm.ts';

const keySizeBytes = 32;
const nonceSizeBytes = 12;

function checkSizes(key: Uint8Array, nonce: Uint8Array): void {
  // OpenSSL takes a nonce of any length and hashes it into a counter block; suite 1 has no such nonce.
  if (key.length !== keySizeBytes || nonce.length !== nonceSizeBytes) {
    throw new Fault('internal-error', {
      detail: 'AES-256-GCM was called with a key or nonce of another size',
    });
  }
}

/**
 * Ciphertext followed by the tag, in `into` or a new array. Throws `internal-error` on a key,
 * nonce or room of another size.
 */
export function aes256GcmSeal(inputs: {
  key: Uint8Array;
  nonce: Uint8Array;
  aad: Uint8Array;
  plaintext: Uint8Array;
  into?: Bytes;
}): Bytes {
  checkSizes(inputs.key, inputs.nonce);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(inputs.key), inputs.nonce);
  if (inputs.aad.length > 0) cipher.setAAD(inputs.aad);
  const ciphertext = cipher.update(inputs.plaintext);
  cipher.final(); // a counter mode holds nothing back
  const sealed = inputs.into ?? new Uint8Array(ciphertext.length + tagSizeBytes);
  if (sealed.length !== ciphertext.length + tagSizeBytes)
    throw new Fault('internal-error', { detail: 'AES-256-GCM was given room of another size' });
  sealed.set(ciphertext);
  sealed.set(cipher.getAuthTag(), ciphertext.length);
  return sealed;
}

/**
 * The plaintext in a new array; undefined when the tag does not match or `sealed` is too short to hold one.
 */
export function aes256GcmOpen(inputs: {
  key: Uint8Array;
  nonce: Uint8Array;
  aad: Uint8Array;
  sealed: Uint8Array;
}): Bytes | undefined {
  checkSizes(inputs.key, inputs.nonce);
  return openGcm('aes-256-gcm', inputs);
}
