// From fresh randomness to the keys of a package: spec/package.md section 4. The content key depends on the core and
// on the plaintext, so that a random generator that repeats itself cannot repeat a key on other content.

import { type Bytes, concatBytes, Secret, u32be, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

export const freshRandomnessBytes = 32;

/** P: SHA-256 over u32be(address) || u32be(length) || plaintext of each area of firmware, in order. */
export function plaintextDigest(
  crypto: Crypto,
  areas: Iterable<{ address: number; plaintext: Uint8Array }>,
): Bytes {
  const hash = crypto.createSha256();
  for (const { address, plaintext } of areas) {
    hash.update(u32be(address));
    hash.update(u32be(plaintext.length));
    hash.update(plaintext);
  }
  return hash.digest();
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
  /** Key of the keyed digest of the area's plaintext. */
  digestKey(ordinal: number): Bytes;
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
    digestKey: (ordinal) => derive('firmseal/1 digest', u32be(ordinal)),
  };
}
