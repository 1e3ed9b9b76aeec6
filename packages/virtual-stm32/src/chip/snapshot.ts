// A chip as it is at one moment, to come back to: memory with the state of its cells, option bytes,
// RAM, chance, supply. For simulations that try thousands of things from one point; nothing that an
// attacker or a host could do. Flash is shared between chip and snapshot until one unit of it changes,
// so both ways cost little more than the RAM. Time is left out: the clock goes on. What the chip itself
// adds (who runs, pins) is in chip.ts.

import type { OptionValues } from '@firmseal/chips';
import type { SavedCells } from '../silicon/erase-unit-cells.ts';
import type { SavedOptions } from '../silicon/option-bytes.ts';
import type { SavedSupply } from '../silicon/power-supply.ts';
import { type RandomState, SeededRandom } from '../silicon/random.ts';
import type { SavedMemory } from '../silicon/working-memory.ts';
import type { ChipParts } from './parts.ts';

/** Belongs to the chip that it was taken of. */
export interface ChipSnapshot {
  /** Operations that the chip had begun. */
  readonly operations: number;
  /**
   * Cells of each erase unit, to compare: undefined is erased. Shared with the chip and not to be changed.
   */
  readonly flash: readonly SavedCells[];
  readonly optionsStored: OptionValues;
}

export interface SavedParts {
  readonly flash: readonly SavedCells[];
  readonly options: SavedOptions;
  readonly otp: Uint8Array | undefined;
  readonly ram: SavedMemory;
  readonly supply: SavedSupply;
  readonly chance: ReadonlyMap<string, RandomState>;
}

export function saveParts({ memory, power, streams }: ChipParts): SavedParts {
  const { stored, loaded } = memory.options;
  return {
    flash: memory.flash.save(),
    options: {
      stored: new Map(stored),
      loaded: new Map(loaded),
      levelKeys: memory.options.levelKeys.save(),
    },
    otp: memory.otp?.save(),
    ram: memory.ram.save(),
    supply: power.save(),
    chance: new Map([...streams].map(([name, stream]) => [name, stream.save()])),
  };
}

/** With a seed, what is left to chance goes by that seed from here on, else as it went after the snapshot. */
export function restoreParts(
  { memory, power, streams }: ChipParts,
  saved: SavedParts,
  seed: string | undefined,
): void {
  memory.flash.restore(saved.flash);
  memory.options.restore(saved.options);
  if (saved.otp !== undefined) memory.otp?.restore(saved.otp);
  memory.ram.restore(saved.ram);
  power.restore(saved.supply);
  for (const [name, stream] of streams)
    stream.restore(seed === undefined ? saved.chance.get(name)! : new SeededRandom(`${seed}/${name}`).save());
}
