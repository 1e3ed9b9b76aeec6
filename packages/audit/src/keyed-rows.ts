// Tables of what a log told, of a few dozen bytes a row: rows found by keys of one size, and columns of
// numbers and digests beside them. A million rows of objects and hexadecimal text would take a gigabyte.

import type { Bytes } from '@firmseal/bytes';

const firstCapacity = 16;

/** Byte strings of one size, by row. */
export class ByteColumn {
  readonly sizeBytes: number;
  #bytes: Bytes = new Uint8Array(0);
  #length = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies it. Its length must be that of the column. */
  push(value: Uint8Array): void {
    if (value.length !== this.sizeBytes)
      throw new Error(`${value.length} bytes where ${this.sizeBytes} are due`);
    const at = this.#length * this.sizeBytes;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(Math.max(firstCapacity * this.sizeBytes, 2 * at));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(value, at);
    this.#length++;
  }

  /** A copy. */
  at(row: number): Bytes {
    return this.#bytes.slice(row * this.sizeBytes, (row + 1) * this.sizeBytes);
  }

  holds(row: number, value: Uint8Array): boolean {
    const { sizeBytes } = this;
    if (value.length !== sizeBytes) return false;
    for (let i = 0, at = row * sizeBytes; i < sizeBytes; i++, at++)
      if (this.#bytes[at] !== value[i]) return false;
    return true;
  }
}

/** Numbers by row; 0 where none was set. */
export class NumberColumn {
  #values = new Float64Array(0);

  get(row: number): number {
    return this.#values[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.#values.length) {
      const grown = new Float64Array(Math.max(firstCapacity, 2 * this.#values.length, row + 1));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[row] = value;
  }
}

/**
 * Multipliers of the hash of a key, drawn once: who writes a log cannot choose keys that all fall on one place
 * (multilinear hashing over halves of 16 bits).
 */
export type HashSeed = Uint32Array;

/** `random`: 128 bytes, which are copied. */
export const hashSeed = (random: Uint8Array): HashSeed => new Uint32Array(Uint8Array.from(random).buffer);
export const hashSeedSizeBytes = 128;

/** Rows by a key of at most 62 bytes and an even length. */
export class KeyedRows {
  readonly #seed: HashSeed;
  readonly #keys: ByteColumn;
  /** Row and 1; 0 is free. */
  #slots = new Uint32Array(0);

  constructor(seed: HashSeed, keySizeBytes: number) {
    this.#seed = seed;
    this.#keys = new ByteColumn(keySizeBytes);
  }

  get size(): number {
    return this.#keys.length;
  }

  keyAt(row: number): Bytes {
    return this.#keys.at(row);
  }

  /** -1 where the key is not among them, whatever its length. */
  find(key: Uint8Array): number {
    if (key.length !== this.#keys.sizeBytes || this.size === 0) return -1;
    return (this.#slots[this.#slotOf(key)] ?? 0) - 1;
  }

  /** The new row; -1 where the key is among them already. */
  add(key: Uint8Array): number {
    if (2 * this.size >= this.#slots.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#slots[slot] !== 0) return -1;
    this.#keys.push(key);
    this.#slots[slot] = this.size;
    return this.size - 1;
  }

  /** Where the key is, or the free place where it belongs. */
  #slotOf(key: Uint8Array): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#hash(key) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1;
      if (row < 0 || this.#keys.holds(row, key)) return slot;
    }
  }

  #hash(key: Uint8Array): number {
    let sum = this.#seed[0]!;
    for (let i = 0; i < key.length; i += 2)
      sum = (sum + Math.imul(this.#seed[1 + i / 2]!, (key[i]! << 8) | key[i + 1]!)) | 0;
    // Each bit of the sum has a part in those that choose the place.
    sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
    return (sum ^ (sum >>> 13)) >>> 0;
  }

  #grow(): void {
    this.#slots = new Uint32Array(Math.max(4 * firstCapacity, 2 * this.#slots.length));
    for (let row = 0; row < this.size; row++) this.#slots[this.#slotOf(this.#keys.at(row))] = row + 1;
  }
}
