// AES-128-GCM in one shot, to open images of ST's installer. firmseal's own formats do not use it.

import type { Bytes } from '@firmseal/bytes';
import { openGcm } from './open-gcm.ts';

/** Key 16 bytes, nonce 12. The plaintext, or undefined when the tag, which ends `sealed`, does not match. */
export const openAes128Gcm = (inputs: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly sealed: Uint8Array;
}): Bytes | undefined => openGcm('aes-128-gcm', inputs);
