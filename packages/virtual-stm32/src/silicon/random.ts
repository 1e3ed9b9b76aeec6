// Reproducible pseudo-random numbers for simulation: sfc32 (C. Doty-Humphrey, PractRand), seeded
// from a text. The same seed gives the same chip, the same torn words, the same timing. Never a
// source of keys outside a simulation.

import { type Bytes, utf8 } from '@firmseal/bytes';

export type RandomState = readonly [number, number, number, number];

export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Where the stream stands, for a snapshot. */
  save(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  restore(state: RandomState): void {
    [this.#a, this.#b, this.#c, this.#counter] = state;
  }

  /** Streams of different seed texts are independent for the purposes of a simulation. */
  constructor(seed: string) {
    // FNV-1a with three offsets spreads the text over the state; twelve rounds mix it.
    const hash = (start: number) => {
      let h = start;
      for (const byte of utf8(seed)) h = Math.imul(h ^ byte, 0x01000193);
      return h;
    };
    this.#a = hash(0x811c9dc5 | 0);
    this.#b = hash(0x050c5d1f);
    this.#c = hash(0x1b873593);
    for (let i = 0; i < 12; i++) this.word();
  }

  /** How far the stream was drawn: four words, to go on from elsewhere. */
  get position(): readonly number[] {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  set position([a, b, c, counter]: readonly number[]) {
    this.#a = a ?? 0;
    this.#b = b ?? 0;
    this.#c = c ?? 0;
    this.#counter = counter ?? 1;
  }

  /** 32 bits, unsigned. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Whole number from 0 to bound - 1; bound from 1 to 2^32. */
  below(bound: number): number {
    return Math.floor((this.word() / 2 ** 32) * bound);
  }

  /** Words in little-endian order, as `word` gives them one after the other. */
  fill(bytes: Uint8Array): void {
    // RAM is filled at every power-on: here with the state in local variables, ten times as
    // fast as by calls of `word`.
    let [a, b, c, counter] = this.save();
    const step = () => {
      const sum = (a + b + counter++) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      return sum;
    };
    const whole = bytes.length - (bytes.length % 4);
    if (bytes.byteOffset % 4 === 0) {
      const words = new Int32Array(bytes.buffer, bytes.byteOffset, whole / 4);
      for (let i = 0; i < words.length; i++) words[i] = step();
    } else
      for (let i = 0; i < whole; i += 4) {
        const word = step();
        for (let k = 0; k < 4; k++) bytes[i + k] = word >>> (8 * k);
      }
    if (whole < bytes.length) {
      const word = step();
      for (let i = whole; i < bytes.length; i++) bytes[i] = word >>> (8 * (i - whole));
    }
    this.restore([a, b, c, counter]);
  }

  bytes(length: number): Bytes {
    const result = new Uint8Array(length);
    this.fill(result);
    return result;
  }
}
