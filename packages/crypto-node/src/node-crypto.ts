// The `Crypto` interface by node:crypto (OpenSSL): what the command line, the authority and the tests run on.

import { randomFillSync } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { aes256GcmOpen, aes256GcmSeal } from './aes-gcm.ts';
import { createHmacSha256, createSha256, hkdfSha256, hmacSha256, sha256 } from './digests.ts';
import { ed25519 } from './ed25519.ts';
import { signEs256, verifyEs256 } from './es256.ts';
import { ecdhP256, ephemeralEcdhP256, generateP256, isP256Point, p256FromPrivate } from './p256.ts';

// Filled in place: randomBytes() of node:crypto would return a Buffer.
const randomBytes = (length: number): Bytes => randomFillSync(new Uint8Array(length));

/** Stateless but for a memory of imported keys (public-key.ts, private-key.ts); safe to share. */
export const nodeCrypto: Crypto & Ed25519 = {
  ...ed25519(randomBytes),
  randomBytes,
  sha256,
  createSha256,
  hmacSha256,
  createHmacSha256,
  hkdfSha256,
  aes256GcmSeal,
  aes256GcmOpen,
  generateP256: () => generateP256(randomBytes),
  p256FromPrivate,
  isP256Point,
  ecdhP256,
  ephemeralEcdhP256,
  signEs256,
  verifyEs256,
};
