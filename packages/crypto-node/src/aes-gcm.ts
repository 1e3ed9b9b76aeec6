// AES-256-GCM (NIST SP 800-38D) in one shot, 12-byte nonce, 16-byte tag. Records are sealed and opened with
// it, so it copies no more than node:crypto forces: once, to put the tag behind the ciphertext.

import { createCipheriv, createDecipheriv, createSecretKey, KeyObject } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import type { AesKey } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { bytesOfBuffer } from './bytes-of-buffer.ts';

const keySizeBytes = 32;
const nonceSizeBytes = 12;
const tagSizeBytes = 16;

function checkSizes(key: Uint8Array | KeyObject, nonce: Uint8Array): void {
  const size = key instanceof KeyObject ? key.symmetricKeySize : key.length;
  // OpenSSL takes a nonce of any length and hashes it into a counter block; suite 1 has no such nonce.
  if (size !== keySizeBytes || nonce.length !== nonceSizeBytes) {
    throw new Fault('internal-error', {
      detail: 'AES-256-GCM was called with a key or nonce of another size',
    });
  }
}

/** Node makes such an object at each call that is given bytes. */
export const importAesKey = (key: Uint8Array): AesKey => createSecretKey(key);

/**
 * Ciphertext followed by the tag, in `into` or a new array. Throws `internal-error` on a key,
 * nonce or room of another size.
 */
export function aes256GcmSeal(inputs: {
  key: AesKey;
  nonce: Uint8Array;
  aad: Uint8Array;
  plaintext: Uint8Array;
  into?: Bytes;
}): Bytes {
  const key = inputs.key as Uint8Array | KeyObject;
  checkSizes(key, inputs.nonce);
  const cipher = createCipheriv('aes-256-gcm', key, inputs.nonce);
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
  const ciphertextSize = inputs.sealed.length - tagSizeBytes;
  if (ciphertextSize < 0) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', inputs.key, inputs.nonce);
  if (inputs.aad.length > 0) decipher.setAAD(inputs.aad);
  decipher.setAuthTag(inputs.sealed.subarray(ciphertextSize));
  const plaintext = decipher.update(inputs.sealed.subarray(0, ciphertextSize));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    return undefined;
  }
  return bytesOfBuffer(plaintext);
}
