// RCC: ready flags that follow their enables, the cause of the last reset, and the clocks that the registers
// make (RM0090 6.3, RM0433 8.7). Clock gates are enforced for USB only, the resets of single peripherals
// for none.

import type { ResetCause } from '../chip/signals.ts';
import type { MemoryAccess } from '../silicon/memory-access.ts';
import type { ClockTree, Frequencies } from './clock-trees.ts';
import { ReadyFlags, type ReadyFlagsPlace } from './ready-flags.ts';

interface ResetFlags {
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
  readonly tree: ClockTree;
}

const slowestHz = 32_000;
/** HSERDY, in the first register of every family. */
const crystalReady = 1 << 17;

export class ResetClockControl extends ReadyFlags {
  readonly #facts: ClockFacts;
  readonly #crystalHz: () => number | undefined;
  #causes = 0;

  /**
   * `crystalHz`: of the board's oscillator; undefined when the board has no oscillator, or it does not start.
   */
  constructor(facts: ClockFacts, crystalHz: () => number | undefined) {
    super(facts);
    this.#facts = facts;
    this.#crystalHz = crystalHz;
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
    const lacks = offset === 0 && this.#crystalHz() === undefined ? crystalReady : 0;
    return ((super.readRegister(offset) | causes) & ~lacks) >>> 0;
  }

  override writeRegister(offset: number, value: number, by: MemoryAccess): void {
    const { register, remove } = this.#facts.resetFlags;
    if (offset === register && value & remove) this.#causes = 0;
    super.writeRegister(offset, offset === register ? value & 0xff : value, by);
  }

  /**
   * What the registers make of the oscillators. Never 0: a tree that is being set up
   * wrongly still has to end.
   */
  get frequencies(): Frequencies {
    const { coreHz, usartHz, apb1Hz } = this.#facts.tree(
      (offset) => this.held(offset),
      this.#crystalHz() ?? 0,
    );
    const moving = (hz: number) => Math.max(hz, slowestHz);
    return { coreHz: moving(coreHz), usartHz: moving(usartHz), apb1Hz: moving(apb1Hz) };
  }
}
