// AES-256-GCM (NIST SP 800-38D) by noble, 12-byte nonce, 16-byte tag behind the ciphertext.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { gcm } from '@noble/ciphers/aes.js';

const tagSizeBytes = 16;

function checkSizes(key: Uint8Array, nonce: Uint8Array): void {
  // noble takes keys and nonces of other lengths too; suite 1 does not.
  if (key.length !== 32 || nonce.length !== 12)
    throw new Fault('internal-error', {
      detail: 'AES-256-GCM was called with a key or nonce of another size',
    });
}

/** Ciphertext and tag, in `into` or a new array. Throws `internal-error` on a size that does not fit. */
export function aes256GcmSeal({
  key,
  nonce,
  aad,
  plaintext,
  into,
}: {
  key: Uint8Array;
  nonce: Uint8Array;
  aad: Uint8Array;
  plaintext: Uint8Array;
  into?: Bytes;
}): Bytes {
  checkSizes(key, nonce);
  const room = into ?? new Uint8Array(plaintext.length + tagSizeBytes);
  if (room.length !== plaintext.length + tagSizeBytes)
    throw new Fault('internal-error', { detail: 'AES-256-GCM was given room of another size' });
  room.set(gcm(key, nonce, aad).encrypt(plaintext));
  return room;
}

/** The plaintext; undefined when the tag does not match or `sealed` is too short to hold one. */
export function aes256GcmOpen({
  key,
  nonce,
  aad,
  sealed,
}: {
  key: Uint8Array;
  nonce: Uint8Array;
  aad: Uint8Array;
  sealed: Uint8Array;
}): Bytes | undefined {
  checkSizes(key, nonce);
  if (sealed.length < tagSizeBytes) return undefined;
  try {
    return Uint8Array.from(gcm(key, nonce, aad).decrypt(sealed));
  } catch {
    return undefined;
  }
}
