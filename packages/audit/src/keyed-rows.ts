// Tables of what a log told, of a few dozen bytes a row: rows found by keys of one size, and columns of
// numbers and digests beside them. A million rows of objects and hexadecimal text would take a gigabyte.

import type { Bytes } from '@firmseal/bytes';

/**
 * Rows are kept in pieces that are never copied once they are full: arrays that double leave as much garbage
 * as they hold. The first piece begins small, since a log may have many jobs with one unit.
 */
const pieceRows = 256;
const firstRows = 16;
const roomFor = (piece: number, row: number): number =>
  piece > 0 ? pieceRows : Math.min(pieceRows, Math.max(firstRows, 2 ** Math.ceil(Math.log2(row + 1))));

/** Byte strings of one size, by row. */
export class ByteColumn {
  readonly sizeBytes: number;
  readonly #pieces: Bytes[] = [];
  #length = 0;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies it. Its length must be that of the column. */
  push(value: Uint8Array): void {
    const { sizeBytes } = this;
    if (value.length !== sizeBytes) throw new Error(`${value.length} bytes where ${sizeBytes} are due`);
    const row = this.#length++;
    const number = Math.floor(row / pieceRows);
    const at = (row % pieceRows) * sizeBytes;
    let piece = this.#pieces[number];
    if (piece === undefined || at === piece.length) {
      const grown = new Uint8Array(roomFor(number, row) * sizeBytes);
      if (piece !== undefined) grown.set(piece);
      piece = grown;
      this.#pieces[number] = grown;
    }
    piece.set(value, at);
  }

  /** A copy. */
  at(row: number): Bytes {
    const start = (row % pieceRows) * this.sizeBytes;
    return this.#pieces[Math.floor(row / pieceRows)]!.slice(start, start + this.sizeBytes);
  }

  holds(row: number, value: Uint8Array): boolean {
    const { sizeBytes } = this;
    if (value.length !== sizeBytes) return false;
    const piece = this.#pieces[Math.floor(row / pieceRows)]!;
    for (let i = 0, at = (row % pieceRows) * sizeBytes; i < sizeBytes; i++, at++)
      if (piece[at] !== value[i]) return false;
    return true;
  }
}

const isWord = (value: number): boolean => value >>> 0 === value;

/**
 * Numbers by row; 0 where none was set. Pieces with nothing but zeros take no memory, and those whose numbers
 * are integers below 2^32 half of the others.
 */
export class NumberColumn {
  readonly #pieces: (Float64Array | Uint32Array | undefined)[] = [];

  get(row: number): number {
    return this.#pieces[Math.floor(row / pieceRows)]?.[row % pieceRows] ?? 0;
  }

  set(row: number, value: number): void {
    const number = Math.floor(row / pieceRows);
    const at = row % pieceRows;
    let piece = this.#pieces[number];
    const isWide = piece instanceof Float64Array || !isWord(value);
    if (piece === undefined || at >= piece.length || (isWide && piece instanceof Uint32Array)) {
      if (value === 0) return;
      const room = Math.max(roomFor(number, row), piece?.length ?? 0);
      const grown = isWide ? new Float64Array(room) : new Uint32Array(room);
      if (piece !== undefined) grown.set(piece);
      piece = grown;
      while (this.#pieces.length <= number) this.#pieces.push(undefined);
      this.#pieces[number] = grown;
    }
    piece[at] = value;
  }
}

/**
 * Multipliers of the hash of a key, drawn once: who writes a log cannot choose keys that all fall on one
 * place (multilinear hashing over halves of 16 bits).
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
    this.#slots = new Uint32Array(Math.max(2 * firstRows, 2 * this.#slots.length));
    for (let row = 0; row < this.size; row++) this.#slots[this.#slotOf(this.#keys.at(row))] = row + 1;
  }
}
