// AES-128-GCM in one shot, to open images of ST's installer. firmseal's own formats do not use it.

import { createDecipheriv } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import { bytesOfBuffer } from './bytes-of-buffer.ts';

const tagSizeBytes = 16;

/** Key 16 bytes, nonce 12. The plaintext, or undefined when the tag, which ends `sealed`, does not match. */
export function openAes128Gcm(inputs: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly sealed: Uint8Array;
}): Bytes | undefined {
  const size = inputs.sealed.length - tagSizeBytes;
  if (size < 0) return undefined;
  const decipher = createDecipheriv('aes-128-gcm', inputs.key, inputs.nonce);
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
