// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869) by node:crypto.

import { createHash, createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto';
import type { Bytes } from '@firmseal/bytes';
import type { Hasher } from '@firmseal/crypto';
import { bytesOfBuffer } from './bytes-of-buffer.ts';

// Keys go in as key objects: node:crypto finds out what other keys are by an exception, which takes longer
// than the work itself.

type NodeHasher = { update(bytes: Uint8Array): unknown; digest(): Buffer };

const hasherOf = (inner: NodeHasher): Hasher => ({
  update: (bytes) => {
    inner.update(bytes);
  },
  digest: () => bytesOfBuffer(inner.digest()),
});

const digestSizeBytes = 32;
/** What is shorter is put together to be hashed at once. */
const joinedAtMost = 1024;
const joined = Buffer.alloc(joinedAtMost);
/** The first bytes of `joined`, by their number: to make such a view takes longer than to fill it. */
const joinedViews: (Buffer | undefined)[] = [];
const digested = Buffer.alloc(digestSizeBytes);

/**
 * The one-shot call makes no hash object. It gives text: to give a buffer it would ask for memory outside of
 * the heap, which takes twice as long as the hash of a short message.
 */
function hashAtOnce(message: Uint8Array): Bytes {
  digested.write(hash('sha256', message, 'binary'), 'latin1');
  const digest = new Uint8Array(digestSizeBytes);
  for (let i = 0; i < digestSizeBytes; i++) digest[i] = digested[i]!;
  return digest;
}

/** SHA-256 of the parts as one message; 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  if (parts.length === 1) return hashAtOnce(parts[0]!);
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > joinedAtMost) {
    const inner = createHash('sha256');
    for (const part of parts) inner.update(part);
    return bytesOfBuffer(inner.digest());
  }
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  joinedViews[length] ??= joined.subarray(0, length);
  return hashAtOnce(joinedViews[length]!);
}

/** SHA-256 fed in pieces; usable once. */
export function createSha256(): Hasher {
  return hasherOf(createHash('sha256'));
}

/** HMAC-SHA-256 of the parts as one message; 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes {
  const inner = createHmac('sha256', createSecretKey(key));
  for (const part of parts) inner.update(part);
  return bytesOfBuffer(inner.digest());
}

/** HMAC-SHA-256 fed in pieces; usable once. */
export function createHmacSha256(key: Uint8Array): Hasher {
  return hasherOf(createHmac('sha256', createSecretKey(key)));
}

/** RFC 5869 extract and expand; `length` at most 255 * 32. */
export function hkdfSha256(inputs: {
  ikm: Uint8Array;
  salt: Uint8Array;
  info: Uint8Array;
  length: number;
}): Bytes {
  return new Uint8Array(
    hkdfSync('sha256', createSecretKey(inputs.ikm), inputs.salt, inputs.info, inputs.length),
  );
}
