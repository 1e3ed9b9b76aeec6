// Seeded inputs for every operation that can refuse, a good half of them changed somewhere, with what an
// independent implementation says of each. The seed is a text; the same text gives the same cases.

import { createHash } from 'node:crypto';
import { concatBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { Request } from './crypto-requests.ts';
import { bytesOf, numberOf } from './numbers.ts';
import { order } from './vector-sources.ts';

export type DifferentialCase = { name: string; request: Request; accepted: boolean; bytes?: Uint8Array };

/** Bytes and choices that follow from the seed alone: SHA-256 over a counter. */
class Seeded {
  readonly #seed: string;
  #count = 0;
  constructor(seed: string) {
    this.#seed = seed;
  }
  bytes(length: number): Uint8Array {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () =>
      createHash('sha256')
        .update(`${this.#seed}/${this.#count++}`)
        .digest(),
    );
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
  }
  below(limit: number): number {
    const [a, b, c] = this.bytes(3);
    return ((a! << 16) | (b! << 8) | c!) % limit;
  }
  /** A copy with one bit flipped. */
  flipped(bytes: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(bytes);
    copy[this.below(copy.length)]! ^= 1 << this.below(8);
    return copy;
  }
}

/** A field of 32 bytes replaced by one of the values at which a range check can be wrong. */
function atEdge(random: Seeded, bytes: Uint8Array, offset: number): Uint8Array {
  const values = [0n, 1n, 2n, order - 1n, order, order + 1n, 2n ** 256n - 1n, 2n ** 255n];
  const copy = Uint8Array.from(bytes);
  copy.set(bytesOf(values[random.below(values.length)]!), offset);
  return copy;
}

function verifyCase(random: Seeded, crypto: Crypto): DifferentialCase {
  const { privateKey, publicKey } = crypto.p256FromPrivate(random.bytes(32))!;
  const message = random.bytes(random.below(200));
  // Node's signatures are not deterministic; the outcome is.
  const signature = crypto.signEs256(privateKey, message);
  const high = concatBytes(signature.subarray(0, 32), bytesOf(order - numberOf(signature.subarray(32))));
  const kind = random.below(6);
  const fields = [
    [publicKey, message, signature],
    [publicKey, message, high],
    [publicKey, message, random.flipped(signature)],
    [random.flipped(publicKey), message, signature],
    [publicKey, concatBytes(message, Uint8Array.of(0)), signature],
    [publicKey, message, atEdge(random, signature, 32 * random.below(2))],
  ][kind]!;
  // The port leaves the rule about s to the core: what node refuses for its s alone, it takes.
  const [key, text, given] = fields as [Uint8Array, Uint8Array, Uint8Array];
  const s = numberOf(given.subarray(32));
  const low = s > order / 2n && s < order ? concatBytes(given.subarray(0, 32), bytesOf(order - s)) : given;
  return {
    name: `verify, kind ${kind}`,
    request: { operation: 'verify', fields },
    accepted: crypto.verifyEs256(key, text, low),
  };
}

function ecdhCase(random: Seeded, crypto: Crypto): DifferentialCase {
  const other = crypto.p256FromPrivate(random.bytes(32))!.publicKey;
  const kind = random.below(4);
  const point = [other, random.flipped(other), atEdge(random, other, 1 + 32 * random.below(2)), other][kind]!;
  const own = kind === 3 ? atEdge(random, random.bytes(32), 0) : random.bytes(32);
  const isScalar = crypto.p256FromPrivate(own) !== undefined;
  const shared = isScalar ? crypto.ecdhP256(own, point) : undefined;
  return {
    name: `ecdh, kind ${kind}`,
    request: { operation: 'ecdh', fields: [own, point] },
    accepted: shared !== undefined,
    ...(shared && { bytes: shared }),
  };
}

function pointCase(random: Seeded, crypto: Crypto): DifferentialCase {
  const good = crypto.p256FromPrivate(random.bytes(32))!.publicKey;
  const point = [good, random.flipped(good), atEdge(random, good, 1 + 32 * random.below(2))][
    random.below(3)
  ]!;
  return {
    name: 'check',
    request: { operation: 'check', fields: [point] },
    accepted: crypto.isP256Point(point),
  };
}

function publicCase(random: Seeded, crypto: Crypto): DifferentialCase {
  const scalar = random.below(2) === 0 ? random.bytes(32) : atEdge(random, new Uint8Array(32), 0);
  const pair = crypto.p256FromPrivate(scalar);
  return {
    name: 'public',
    request: { operation: 'public', fields: [scalar] },
    accepted: pair !== undefined,
    ...(pair && { bytes: pair.publicKey }),
  };
}

function gcmCase(random: Seeded, crypto: Crypto): DifferentialCase {
  const [key, nonce, aad] = [random.bytes(32), random.bytes(12), random.bytes(random.below(80))];
  const plaintext = random.bytes(random.below(4) === 0 ? 16 * random.below(8) : random.below(300));
  const sealed = crypto.aes256GcmSeal({ key, nonce, aad, plaintext });
  const fields = [key, nonce, aad, sealed.slice(0, plaintext.length), sealed.slice(plaintext.length)];
  const changed = random.below(2) === 0 ? 5 : random.below(5);
  if (changed < 5 && fields[changed]!.length > 0) fields[changed] = random.flipped(fields[changed]!);
  const opened = crypto.aes256GcmOpen({
    key: fields[0]!,
    nonce: fields[1]!,
    aad: fields[2]!,
    sealed: concatBytes(fields[3]!, fields[4]!),
  });
  return {
    name: `gcmOpen, field ${changed} changed`,
    request: { operation: 'gcmOpen', fields },
    accepted: opened !== undefined,
    bytes: opened ?? fields[3]!,
  };
}

/** `count` cases, the operations in turn. */
export function differentialCases(crypto: Crypto, seed: string, count: number): DifferentialCase[] {
  const random = new Seeded(seed);
  const makers = [verifyCase, ecdhCase, pointCase, publicCase, gcmCase, verifyCase];
  return Array.from({ length: count }, (_, i) => makers[i % makers.length]!(random, crypto));
}
