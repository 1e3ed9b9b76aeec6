// The `Crypto` interface for browsers: randomness is WebCrypto's, the rest is noble's. The interface is
// synchronous and WebCrypto is not; docs/decisions/0140 says why that was settled this way.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto, Hasher } from '@firmseal/crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as sha256Of } from '@noble/hashes/sha2.js';
import { aes256GcmOpen, aes256GcmSeal } from './aes-gcm.ts';
import { signEs256, verifyEs256 } from './es256.ts';
import { ecdhP256, ephemeralEcdhP256, generateP256, isP256Point, p256FromPrivate } from './p256.ts';

interface NobleHash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

const hasherOf = (inner: NobleHash): Hasher => ({
  update: (bytes) => {
    inner.update(bytes);
  },
  digest: () => Uint8Array.from(inner.digest()),
});

function digestOf(hasher: Hasher, parts: readonly Uint8Array[]): Bytes {
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** WebCrypto gives at most this much at once (Web Cryptography API, section 10.1.1). */
const randomBytesAtMost = 65_536;

function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let from = 0; from < length; from += randomBytesAtMost)
    globalThis.crypto.getRandomValues(bytes.subarray(from, from + randomBytesAtMost));
  return bytes;
}

/** Stateless; safe to share. */
export const webCrypto: Crypto = {
  randomBytes,
  sha256: (...parts) => digestOf(hasherOf(sha256Of.create()), parts),
  createSha256: () => hasherOf(sha256Of.create()),
  hmacSha256: (key, ...parts) => digestOf(hasherOf(hmac.create(sha256Of, key)), parts),
  createHmacSha256: (key) => hasherOf(hmac.create(sha256Of, key)),
  hkdfSha256: ({ ikm, salt, info, length }) => Uint8Array.from(hkdf(sha256Of, ikm, salt, info, length)),
  aes256GcmSeal,
  aes256GcmOpen,
  generateP256,
  p256FromPrivate,
  isP256Point,
  ecdhP256,
  ephemeralEcdhP256,
  signEs256,
  verifyEs256,
};
