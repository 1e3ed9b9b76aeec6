// From fresh randomness to the keys of a package: spec/package.md section 4. The content key
// depends on the core and on the plaintext, so that a random generator that repeats itself cannot
// repeat a key on other content.

import { type Bytes, concatBytes, Secret, u32be, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

export const freshRandomnessBytes = 32;

/** An area of firmware by what the key schedule takes of it; `hash` is the SHA-256 of its plaintext. */
export interface HashedArea {
  readonly address: number;
  readonly lengthBytes: number;
  readonly hash: Uint8Array;
}

/** P: SHA-256 over u32be(address) || u32be(length) || hash of each area of firmware, in order. */
export function plaintextDigest(crypto: Crypto, areas: readonly HashedArea[]): Bytes {
  return crypto.sha256(
    ...areas.flatMap(({ address, lengthBytes, hash }) => [u32be(address), u32be(lengthBytes), hash]),
  );
}

/** `randomness`: 32 fresh bytes. The salt is public, 32 bytes; the content key is secret, 32 bytes. */
export function deriveContentKey(
  crypto: Crypto,
  inputs: { randomness: Uint8Array; coreDigest: Uint8Array; plaintextDigest: Uint8Array },
): { contentKey: Secret; salt: Bytes } {
  const both = crypto.hkdfSha256({
    ikm: inputs.randomness,
    salt: concatBytes(inputs.coreDigest, inputs.plaintextDigest),
    info: utf8('firmseal/1 content'),
    length: 64,
  });
  const contentKey = new Secret(both.slice(0, 32));
  const salt = both.slice(32);
  both.fill(0);
  return { contentKey, salt };
}

/** Everything that is derived from one content key; `wipe` when done. */
export interface PackageKeys {
  readonly commitment: Bytes;
  /** AES-256 key of the area's records. */
  areaKey(ordinal: number): Bytes;
  /** Keyed digest of an area of firmware from the SHA-256 of its plaintext. */
  areaDigest(ordinal: number, hash: Uint8Array): Bytes;
}

export function packageKeys(
  crypto: Crypto,
  inputs: { contentKey: Secret; salt: Uint8Array; coreDigest: Uint8Array },
): PackageKeys {
  const { contentKey, salt, coreDigest } = inputs;
  const derive = (label: string, ...rest: Uint8Array[]): Bytes =>
    crypto.hkdfSha256({
      ikm: contentKey.expose(),
      salt,
      info: concatBytes(utf8(label), coreDigest, ...rest),
      length: 32,
    });
  return {
    commitment: derive('firmseal/1 commitment'),
    areaKey: (ordinal) => derive('firmseal/1 area', u32be(ordinal)),
    areaDigest: (ordinal, hash) => crypto.hmacSha256(derive('firmseal/1 digest', u32be(ordinal)), hash),
  };
}
