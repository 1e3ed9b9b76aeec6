// RNG: CR +00, SR +04, DR +08 (RM0090 24.4, RM0433 34.7). A word is ready whenever the generator
// is on. Seeded, for simulation only; errors come when a test asks for one. The later generator
// (U5, H5: NSCR +0C, HTCR +10, RM0456 48.6) has a configuration, taken over only while CONDRST is
// 1, and is started again by it alone.

import type { MemoryAccess } from '../silicon/memory-access.ts';
import { RegisterBlock } from './peripheral.ts';

const enabled = 4;
const ready = 1;
const latched = 3 << 5;
const error = { clock: 1 << 1, seed: 1 << 2, seedLatched: 1 << 6 };
const conditioningReset = 2 ** 30;
/** Bits of CR beside the configuration: RNGEN, IE. */
const control = enabled | 8;
const configurations = [0x0c, 0x10];

export class RandomNumberGenerator extends RegisterBlock {
  readonly #word: () => number;
  readonly #isConfigured: boolean;
  #failed = false;

  constructor(addressStart: number, word: () => number, isConfigured: boolean) {
    super({ name: 'RNG', addressStart, sizeBytes: 0x400 });
    this.#word = word;
    this.#isConfigured = isConfigured;
  }

  /**
   * A seed error (SECS, SEIS): words that follow are not to be used until the generator was started again.
   */
  fail(): void {
    this.#failed = true;
    this.hold(0x04, this.held(0x04) | error.seedLatched);
  }

  get #on(): boolean {
    const value = this.held(0x00);
    return (value & enabled) !== 0 && (value & conditioningReset) === 0;
  }

  override readRegister(offset: number): number {
    if (offset === 0x04)
      return (this.held(0x04) & latched) | (this.#failed ? error.seed : 0) | (this.#on ? ready : 0);
    if (offset === 0x08) return this.#on ? this.#word() : 0;
    return super.readRegister(offset);
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    if (offset === 0x04) this.hold(0x04, this.held(0x04) & value & latched);
    else if (!this.#isConfigured) {
      if (offset === 0x00 && (value & enabled) === 0) this.#failed = false;
      super.writeRegister(offset, value, by);
    } else if (offset === 0x00) this.#control(value);
    else if (!configurations.includes(offset) || this.held(0x00) & conditioningReset)
      super.writeRegister(offset, value, by);
  }

  #control(value: number): void {
    const before = this.held(0x00);
    const resets = (value & conditioningReset) !== 0;
    if ((before & conditioningReset) !== 0 && !resets) this.#failed = false;
    this.hold(0x00, resets ? value : (before & ~conditioningReset & ~control) | (value & control));
  }

  override reset(): void {
    super.reset();
    this.#failed = false;
  }
}
