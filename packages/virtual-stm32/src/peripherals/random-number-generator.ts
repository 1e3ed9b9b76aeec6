// RNG: CR +00, SR +04, DR +08 (RM0090 24.4, RM0433 34.7). A word is ready whenever the generator is on.
// Seeded, for simulation only; seed and clock errors never occur by themselves.

import { RegisterBlock } from './peripheral.ts';

const enabled = 4;
const ready = 1;

export class RandomNumberGenerator extends RegisterBlock {
  readonly #word: () => number;

  constructor(addressStart: number, word: () => number) {
    super({ name: 'RNG', addressStart, sizeBytes: 0x400 });
    this.#word = word;
  }

  override readRegister(offset: number): number {
    const on = (this.held(0x00) & enabled) !== 0;
    if (offset === 0x04) return on ? ready : 0;
    if (offset === 0x08) return on ? this.#word() : 0;
    return super.readRegister(offset);
  }
}
