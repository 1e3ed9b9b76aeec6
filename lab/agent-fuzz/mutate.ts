// Seeded changes to bytes, half of them blind and half aware of where CBOR items begin. The
// same seed gives the same changes.

import { type Bytes, concatBytes, fromHex } from '@firmseal/bytes';

/** Marsaglia's xorshift32. */
export class FuzzRandom {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
  below(limit: number): number {
    return this.next() % limit;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.next() >>> 8);
  }
}

/** Items at the edges of the profile and outside of it (spec/encoding.md section 1). */
const stock: readonly Bytes[] = [
  ...['00', '01', '02', '03', '17', '1818', '18ff', '190100', '19ffff', '1a00010000', '1a7fffffff'],
  ...['1a80000000', '1affffffff', '1b0000000100000000', '1b001fffffffffffff', '1b0020000000000000'],
  ...['1bffffffffffffffff', '20', '26', '37', '3b001ffffffffffffe', '3b001fffffffffffff', 'f4', 'f5', 'f6'],
  ...['f7', 'f800', 'f90000', 'fa00000000', 'fb0000000000000000', 'c000', 'd200', '40', '4100', '60', '6161'],
  ...[
    '61ff',
    '62c3a9',
    '62c0af',
    '63eda080',
    '80',
    '8100',
    '8200f6',
    'a0',
    'a10000',
    'a2010001',
    'a200000100',
  ],
  ...['1800', '190001', '1a00000001', '5f', '7f', '9f', 'bf', 'ff', '5800', '9800', 'b800', '1c', '5c', 'e0'],
  ...['818181818181818100', '8181818181818180', 'a100a100a100a100a100a100a100a10000'],
  ...[`5820${'00'.repeat(32)}`, `5820${'ff'.repeat(32)}`, `5841${'04'.repeat(65)}`, `50${'11'.repeat(16)}`],
].map((hex) => fromHex(hex));

/**
 * [start, end, start of content] of items met in one walk from the first byte, strings as
 * one; as far as heads are sound.
 */
function itemsOf(bytes: Uint8Array): [number, number][] {
  const items: [number, number][] = [];
  let at = 0;
  while (at < bytes.length && items.length < 256) {
    const start = at;
    const initial = bytes[at++]!;
    const info = initial & 31;
    let argument = info;
    if (info > 27) break;
    if (info >= 24) {
      const size = 1 << (info - 24);
      argument = 0;
      for (let i = 0; i < size; i++) argument = argument * 256 + (bytes[at++] ?? 0);
    }
    const major = initial >> 5;
    if (major === 2 || major === 3) at += argument;
    if (at > bytes.length) break;
    items.push([start, at]);
  }
  return items;
}

const splice = (bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Bytes =>
  concatBytes(bytes.subarray(0, from), middle, bytes.subarray(to));

/** An item replaced, repeated, taken out, or moved over another. */
function changeItem(bytes: Bytes, random: FuzzRandom): Bytes {
  const items = itemsOf(bytes);
  if (items.length === 0) return concatBytes(bytes, random.pick(stock));
  const [from, to] = random.pick(items);
  const [otherFrom, otherTo] = random.pick(items);
  switch (random.below(6)) {
    case 0:
      return splice(bytes, from, to, bytes.subarray(otherFrom, otherTo));
    case 1:
      return splice(bytes, from, from, bytes.subarray(from, to));
    case 2:
      return splice(bytes, from, to, new Uint8Array(0));
    case 3:
      return nudge(bytes, to - 1, random);
    default:
      return splice(bytes, from, to, random.pick(stock));
  }
}

function nudge(bytes: Bytes, at: number, random: FuzzRandom): Bytes {
  const copy = bytes.slice();
  if (copy.length > 0) copy[at]! += random.pick([1, 255, 32, 16, 128]);
  return copy;
}

function changeBytes(bytes: Bytes, random: FuzzRandom): Bytes {
  if (bytes.length === 0) return random.bytes(1 + random.below(8));
  const at = random.below(bytes.length);
  const length = 1 + random.below(Math.min(16, bytes.length - at));
  switch (random.below(8)) {
    case 0:
      return splice(bytes, at, at + length, random.bytes(length));
    case 1:
      return splice(bytes, at, at, random.bytes(length));
    case 2:
      return splice(bytes, at, at + length, new Uint8Array(0));
    case 3:
      return bytes.slice(0, at);
    case 4:
      return nudge(bytes, at, random);
    case 5:
      return splice(bytes, at, at, bytes.subarray(at, at + length));
    case 6:
      return splice(
        bytes,
        at,
        at + 1,
        Uint8Array.of(random.pick([0, 1, 0x7f, 0x80, 0xff, 0x18, 0x5f, 0xf6])),
      );
    default: {
      const copy = bytes.slice();
      copy[at]! ^= 1 << random.below(8);
      return copy;
    }
  }
}

/** One to three changes. */
export function mutated(bytes: Uint8Array, random: FuzzRandom): Bytes {
  let result = bytes.slice();
  for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left--)
    result = random.below(2) === 0 ? changeItem(result, random) : changeBytes(result, random);
  return result;
}
