// How long each operation takes, from the catalogue: typical, maximum, or a seeded time between the two for
// each operation. The clock advances by it, at once or while somebody waits (operations-under-way.ts).

import {
  type Chip,
  eraseTiming,
  massEraseTiming,
  type Parallelism,
  programTiming,
  type Timing,
} from '@firmseal/chips';
import type { SimulatedClock } from './clock.ts';
import type { SeededRandom } from './random.ts';

export type TimingModel = 'typical' | 'maximum' | 'between';

export class FlashTiming {
  readonly #chip: Chip;
  readonly #clock: SimulatedClock;
  readonly #model: TimingModel;
  readonly #random: SeededRandom;

  constructor(parts: { chip: Chip; clock: SimulatedClock; model: TimingModel; random: SeededRandom }) {
    this.#chip = parts.chip;
    this.#clock = parts.clock;
    this.#model = parts.model;
    this.#random = parts.random;
  }

  #chosen({ typicalUs, maximumUs }: Timing): number {
    if (this.#model === 'typical') return typicalUs;
    if (this.#model === 'maximum') return maximumUs;
    return typicalUs + this.#random.below(maximumUs - typicalUs + 1);
  }

  /** Time of one operation in microseconds; a new one each time it is asked for. */
  programUs(parallelism: Parallelism): number {
    return this.#chosen(programTiming(this.#chip, parallelism));
  }

  eraseUs(sizeBytes: number, parallelism: Parallelism): number {
    return this.#chosen(eraseTiming(this.#chip, sizeBytes, parallelism));
  }

  /** `share` of the time for the whole flash: 0.5 for one of two banks. */
  massEraseUs(parallelism: Parallelism, share = 1): number {
    const { typicalUs, maximumUs } = massEraseTiming(this.#chip, parallelism);
    return this.#chosen({ typicalUs: typicalUs * share, maximumUs: maximumUs * share });
  }

  spend(us: number): void {
    this.#clock.advance(us);
  }

  optionProgramUs(): number {
    return this.#chosen(this.#chip.timing.optionProgram);
  }
}
