// What a verifier knows of a device: its two public keys, bound by their thumbprint. spec/device.md
// section 1. Where it comes from, a certificate or the record of personalization, is for others.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

export interface DevicePublic {
  /** SEC 1 uncompressed points, 65 bytes each. */
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
  /** 32 bytes: the name of the device everywhere. */
  readonly thumbprint: Bytes;
  readonly chipId: string;
  readonly product: string;
  /** End of the certificate's validity; left out when it has none. */
  readonly notAfter?: Date;
}

/** SHA-256(signing public key || KEM public key); 32 bytes. */
export function thumbprintOf(crypto: Crypto, signingKey: Uint8Array, kemKey: Uint8Array): Bytes {
  return crypto.sha256(signingKey, kemKey);
}
