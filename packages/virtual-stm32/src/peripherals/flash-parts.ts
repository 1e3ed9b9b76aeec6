// What the flash controllers of all families share: what they are given, the option registers of the
// catalogue as they stand in the register map, and which bank of the array an address means.

import type { Chip, EraseUnit, OptionRegister, OptionValues } from '@firmseal/chips';
import type { FlashMemory } from '../silicon/flash-memory.ts';
import type { LevelKeys } from '../silicon/level-keys.ts';

export interface EmptyCheck {
  readonly found: () => boolean;
  readonly set: (empty: boolean) => void;
}

export interface FlashControllerParts {
  readonly chip: Chip;
  readonly flash: FlashMemory;
  /** Option bytes in force, and those that the next load brings. */
  readonly options: {
    readonly loaded: OptionValues;
    readonly stored: OptionValues;
    readonly levelKeys: LevelKeys;
  };
  /** What the empty check found at the last load of option bytes, and what software made of it. */
  readonly emptyCheck: EmptyCheck;
  /** The addresses of the banks are exchanged at the moment. */
  readonly banksSwapped: () => boolean;
}

/** The bank of the array that stands at the addresses of that bank, or the other way round. */
export function arrayBank(bank: number, swapped: boolean): number {
  return swapped ? 3 - bank : bank;
}

export function unitsOfBank(chip: Chip, bank: number): readonly EraseUnit[] {
  return chip.flash.eraseUnits.filter((unit) => unit.bank === bank);
}

/** Values written into option registers, until they are programmed or a reset drops them. */
export class OptionLatches {
  readonly #parts: FlashControllerParts;
  readonly #base: number;
  readonly #untouched: 'loaded' | 'stored';
  readonly #written = new Map<number, number>();

  /**
   * `untouched`: what a register holds that was not written since the last programming. `stored`
   * where registers "to be programmed" stand beside the current ones (H7, H5): a second start
   * then programs the same again.
   */
  constructor(parts: FlashControllerParts, base: number, untouched: 'loaded' | 'stored' = 'loaded') {
    this.#parts = parts;
    this.#base = base;
    this.#untouched = untouched;
  }

  /** The option register whose bits are programmed through that offset. */
  programmedAt(offset: number): OptionRegister | undefined {
    return this.#parts.chip.options.registers.find((one) => one.programAddress === this.#base + offset);
  }

  /** The one whose bits are read at that offset. */
  readAt(offset: number): OptionRegister | undefined {
    return this.#parts.chip.options.registers.find((one) => one.readAddress === this.#base + offset);
  }

  write({ id, mask }: OptionRegister, value: number): void {
    this.#written.set(id, (value & mask) >>> 0);
  }

  /** As written, or untouched. */
  value({ id }: OptionRegister): number {
    return this.#written.get(id) ?? this.#parts.options[this.#untouched].get(id) ?? 0;
  }

  /** As in force since the last load. */
  loaded({ id }: OptionRegister): number {
    return this.#parts.options.loaded.get(id) ?? 0;
  }

  /** As stored: what an automatic reload after programming brings. */
  stored({ id }: OptionRegister): number {
    return this.#parts.options.stored.get(id) ?? 0;
  }

  /** All option registers as they stand here. */
  values(): OptionValues {
    return new Map(this.#parts.chip.options.registers.map((one) => [one.id, this.value(one)]));
  }

  clear(): void {
    this.#written.clear();
  }

  keep(): () => void {
    const kept = [...this.#written];
    return () => {
      this.#written.clear();
      for (const [id, value] of kept) this.#written.set(id, value);
    };
  }
}
