// RCC: ready flags that follow their enables, the cause of the last reset, and, on F4, the core clock that the registers
// make (RM0090 6.3, RM0433 8.7). Clock gates are not enforced: a peripheral answers with its clock off.

import type { MemoryAccess } from '../memory-access.ts';
import type { ResetCause } from '../signals.ts';
import { ReadyFlags, type ReadyFlagsPlace } from './ready-flags.ts';

export interface ResetFlags {
  /** Offset of the register with the causes, and its bit that removes them. */
  readonly register: number;
  readonly remove: number;
  readonly power: number;
  readonly pin: number;
  readonly software: number;
  readonly watchdog: number;
  readonly optionLoad: number;
}

export interface ClockFacts extends ReadyFlagsPlace {
  readonly resetFlags: ResetFlags;
  readonly resetHz: number;
  /** The F4 clock tree is followed; elsewhere the core is taken to stay at its clock after reset. */
  readonly tree: 'f4' | 'fixed';
}

/** A crystal of 8 MHz where software turns the external oscillator on. */
const externalHz = 8_000_000;

export class ResetClockControl extends ReadyFlags {
  readonly #facts: ClockFacts;
  #causes = 0;

  constructor(facts: ClockFacts) {
    super(facts);
    this.#facts = facts;
  }

  /** Notes why the chip came up; causes add up until software removes them. */
  noteReset(cause: ResetCause): void {
    const { power, pin, software, watchdog, optionLoad } = this.#facts.resetFlags;
    const flags: Record<ResetCause, number> = {
      'power-on': power | pin,
      pin,
      software: software | pin,
      debug: software | pin,
      watchdog: watchdog | pin,
      'option-launch': optionLoad | pin,
    };
    this.#causes = cause === 'power-on' ? flags[cause] : this.#causes | flags[cause];
  }

  override readRegister(offset: number): number {
    const causes = offset === this.#facts.resetFlags.register ? this.#causes : 0;
    return (super.readRegister(offset) | causes) >>> 0;
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    const { register, remove } = this.#facts.resetFlags;
    if (offset === register && value & remove) this.#causes = 0;
    super.writeRegister(offset, offset === register ? value & 0xff : value, by);
  }

  /** RM0090 6.2: the oscillator or PLL that CFGR selects, divided by HPRE. */
  get coreHz(): number {
    const { resetHz, tree } = this.#facts;
    if (tree === 'fixed') return resetHz;
    const configuration = this.held(0x08);
    const selected = configuration & 3;
    const divider = (configuration >>> 4) & 0xf;
    const shift = divider < 8 ? 0 : [1, 2, 3, 4, 6, 7, 8, 9][divider - 8]!;
    const source = selected === 0 ? resetHz : selected === 1 ? externalHz : this.#pllHz();
    return source / 2 ** shift;
  }

  #pllHz(): number {
    const pll = this.held(0x04);
    const input = pll & (1 << 22) ? externalHz : this.#facts.resetHz;
    const m = pll & 0x3f || 1;
    const n = (pll >>> 6) & 0x1ff || 1;
    const p = 2 * (((pll >>> 16) & 3) + 1);
    return (input / m) * (n / p);
  }
}
