// How long each operation takes, from the catalogue: typical, maximum, or a seeded time between the two for each
// operation. The clock advances by it.

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

  #spend({ typicalUs, maximumUs }: Timing): void {
    if (this.#model === 'typical') this.#clock.advance(typicalUs);
    else if (this.#model === 'maximum') this.#clock.advance(maximumUs);
    else this.#clock.advance(typicalUs + this.#random.below(maximumUs - typicalUs + 1));
  }

  spendProgram(parallelism: Parallelism): void {
    this.#spend(programTiming(this.#chip, parallelism));
  }

  spendErase(sizeBytes: number, parallelism: Parallelism): void {
    this.#spend(eraseTiming(this.#chip, sizeBytes, parallelism));
  }

  /** `share` of the time for the whole flash: 0.5 for one of two banks. */
  spendMassErase(parallelism: Parallelism, share = 1): void {
    const { typicalUs, maximumUs } = massEraseTiming(this.#chip, parallelism);
    this.#spend({ typicalUs: typicalUs * share, maximumUs: maximumUs * share });
  }

  spendOptionProgram(): void {
    this.#spend(this.#chip.timing.optionProgram);
  }
}
