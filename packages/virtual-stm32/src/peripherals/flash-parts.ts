// What the flash controllers of all families share: what they are given, the option registers of the catalogue as they
// stand in the register map, and the erase of one bank.

import type { Chip, EraseUnit, OptionRegister, OptionValues } from '@firmseal/chips';
import type { FlashMemory, FlashStatus } from '../flash-memory.ts';
import type { MemoryAccess } from '../memory-access.ts';

export interface FlashControllerParts {
  readonly chip: Chip;
  readonly flash: FlashMemory;
  /** Option bytes in force, and those that the next load brings. */
  readonly options: { readonly loaded: OptionValues; readonly stored: OptionValues };
  /** The addresses of the banks are exchanged at the moment. */
  readonly banksSwapped: () => boolean;
}

/** Erases every unit of one bank, one operation each: silicon does it in one. `bank` as the addresses have it. */
export function eraseBank(parts: FlashControllerParts, bank: number, by: MemoryAccess): FlashStatus {
  for (const { addressStart } of unitsOfBank(parts.chip, bank)) {
    const status = by.eraseUnit(addressStart);
    if (status !== 'ok') return status;
  }
  return 'ok';
}

export function unitsOfBank(chip: Chip, bank: number): readonly EraseUnit[] {
  return chip.flash.eraseUnits.filter((unit) => unit.bank === bank);
}

/** Values written into option registers, until they are programmed or a reset drops them. */
export class OptionLatches {
  readonly #parts: FlashControllerParts;
  readonly #base: number;
  readonly #written = new Map<number, number>();

  constructor(parts: FlashControllerParts, base: number) {
    this.#parts = parts;
    this.#base = base;
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

  /** As written, or in force. */
  value({ id }: OptionRegister): number {
    return this.#written.get(id) ?? this.#parts.options.loaded.get(id) ?? 0;
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
}
