// Opening AES-GCM (NIST SP 800-38D) in one shot; the caller has checked the sizes of key and nonce.

import { createDecipheriv, createSecretKey } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import { bytesOfBuffer } from './bytes-of-buffer.ts';

export const tagSizeBytes = 16;

/** The plaintext; undefined when the tag, which ends `sealed`, does not match or is not there. */
export function openGcm(
  cipher: 'aes-128-gcm' | 'aes-256-gcm',
  inputs: { key: Uint8Array; nonce: Uint8Array; aad: Uint8Array; sealed: Uint8Array },
): Bytes | undefined {
  const size = inputs.sealed.length - tagSizeBytes;
  if (size < 0) return undefined;
  const decipher = createDecipheriv(cipher, createSecretKey(inputs.key), inputs.nonce);
  if (inputs.aad.length > 0) decipher.setAAD(inputs.aad);
  decipher.setAuthTag(inputs.sealed.subarray(size));
  const plaintext = decipher.update(inputs.sealed.subarray(0, size));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    return undefined;
  }
  return bytesOfBuffer(plaintext);
}
