// The option bytes: what is stored, what is in force since the last load, and the rules of changing them. Readout
// protection only rises, but for the step from 1 to 0, which first erases the main flash; at level 2 nothing changes
// ever again. RM0090 3.7, RM0433 4.4 and 4.5. Stored values take force at a reset or launch.

import { u32be } from '@firmseal/bytes';
import {
  type Chip,
  defaultOptionValues,
  type EraseUnit,
  isWriteProtected,
  type KeptArea,
  type OptionValues,
  optionField,
  type ReadoutLevel,
  readoutLevel,
  withOptionField,
} from '@firmseal/chips';
import type { FlashTiming } from './flash-timing.ts';
import type { PowerSupply } from './power-supply.ts';
import type { SeededRandom } from './random.ts';
import { tearBytes } from './tearing.ts';

/**
 * `locked`: level 2. `field-locked`: a field that only a regression lets go (PCROP, secure-only area).
 * `refused`: this master may not. `unknown-register`: not in the catalogue.
 */
export type OptionStatus = 'ok' | 'locked' | 'field-locked' | 'unknown-register' | 'refused';

export interface OptionParts {
  readonly chip: Chip;
  readonly power: PowerSupply;
  readonly timing: FlashTiming;
  readonly random: SeededRandom;
  /** Erases the main flash but for the units that stay, and what else the regression erases. */
  readonly regress: (stays: (unit: EraseUnit) => boolean) => void;
}

/** What a readout protection byte that does not match its complement reads as: level 1. */
const mismatch = 0xff;

export class OptionBytes {
  readonly #parts: OptionParts;
  #stored: Map<number, number>;
  #loaded: Map<number, number>;

  constructor(parts: OptionParts) {
    this.#parts = parts;
    this.#stored = defaultOptionValues(parts.chip);
    this.#loaded = new Map(this.#stored);
  }

  /** Values in force. */
  get loaded(): OptionValues {
    return this.#loaded;
  }

  /** Values that the next load brings. */
  get stored(): OptionValues {
    return this.#stored;
  }

  /** Readout level in force. */
  get level(): ReadoutLevel {
    return readoutLevel(this.#parts.chip, this.#loaded);
  }

  field(name: string): number {
    return optionField(this.#parts.chip, this.#loaded, name);
  }

  /** Stored values of an earlier life; in force from the next load. RangeError when a register is missing. */
  take(stored: OptionValues): void {
    for (const { id } of this.#parts.chip.options.registers)
      if (!stored.has(id)) throw new RangeError(`option register ${id} is missing`);
    this.#stored = new Map(stored);
    this.load();
  }

  load(): void {
    this.#loaded = new Map(this.#stored);
  }

  isWriteProtected = (unit: EraseUnit): boolean => isWriteProtected(this.#parts.chip, this.#loaded, unit);

  /** Programs the registers given, others keep their stored values. Bits that are no option bytes are ignored. */
  program(values: OptionValues): OptionStatus {
    const { chip } = this.#parts;
    let next: Map<number, number> = new Map(this.#stored);
    for (const [id, value] of values) {
      const register = chip.options.registers[id];
      if (register === undefined) return 'unknown-register';
      next.set(id, (value & register.mask) >>> 0);
    }
    const before = Math.max(this.level, readoutLevel(chip, this.#stored));
    if (before === 2) return 'locked';
    if (before === 1 && readoutLevel(chip, next) === 0) next = this.#regression(next);
    else if (!this.#keepsLockedFields(next)) return 'field-locked';
    this.#write(next);
    return 'ok';
  }

  #area(values: OptionValues, { startField, endField }: KeptArea): { start: number; end: number } {
    const { chip } = this.#parts;
    return { start: optionField(chip, values, startField), end: optionField(chip, values, endField) };
  }

  #keepsLockedFields(next: OptionValues): boolean {
    const { chip } = this.#parts;
    const { keptAreas, clearsOnlyThen } = chip.readoutProtection.regression;
    for (const name of clearsOnlyThen)
      if (optionField(chip, this.#stored, name) === 1 && optionField(chip, next, name) === 0) return false;
    return keptAreas.every((area) => {
      const old = this.#area(this.#stored, area);
      const asked = this.#area(next, area);
      return old.start > old.end || (asked.start <= old.start && asked.end >= old.end);
    });
  }

  /** Erases; returns the values to write: areas that stay keep their fields, areas that went are reset. */
  #regression(next: Map<number, number>): Map<number, number> {
    const { chip, regress } = this.#parts;
    const staying: { bank: number; first: number; last: number }[] = [];
    let values = next;
    for (const area of chip.readoutProtection.regression.keptAreas) {
      const { start, end } = this.#area(this.#stored, area);
      if (start > end) continue;
      const goes =
        optionField(chip, this.#stored, area.eraseField) === 1 ||
        optionField(chip, next, area.eraseField) === 1;
      const source = goes ? defaultOptionValues(chip) : this.#stored;
      for (const name of [area.startField, area.endField])
        values = withOptionField(chip, values, { name, value: optionField(chip, source, name) });
      const bankStart = chip.flash.banks.find((bank) => bank.number === area.bank)!.addressStart;
      if (!goes)
        staying.push({
          bank: area.bank,
          first: bankStart + start * area.granuleBytes,
          last: bankStart + (end + 1) * area.granuleBytes - 1,
        });
    }
    regress(({ bank, addressStart, sizeBytes }) =>
      staying.some(
        (one) => one.bank === bank && one.first < addressStart + sizeBytes && one.last >= addressStart,
      ),
    );
    return values;
  }

  #write(next: Map<number, number>): void {
    const { power, timing } = this.#parts;
    power.run({
      kind: 'option-bytes',
      address: 0,
      length: 4 * next.size,
      complete: () => {
        this.#stored = next;
        timing.spendOptionProgram();
      },
      tear: () => this.#tear(next),
    });
  }

  /** Left as they were, all written, or spoilt: bits torn and the protection byte a mismatch, so never lower. */
  #tear(next: Map<number, number>): void {
    const { chip, random } = this.#parts;
    const outcome = random.below(3);
    if (outcome === 0) return;
    if (outcome === 1) {
      this.#stored = next;
      return;
    }
    const erasedFirst = chip.write.overwrite === 'clears-bits' && random.below(2) === 0;
    let spoilt = erasedFirst ? defaultOptionValues(chip) : new Map(this.#stored);
    for (const [id, value] of spoilt) {
      const bytes = u32be(value);
      tearBytes(bytes, u32be(next.get(id)!), random);
      spoilt.set(id, new DataView(bytes.buffer).getUint32(0));
    }
    const { field } = chip.readoutProtection;
    spoilt = withOptionField(chip, spoilt, { name: field, value: mismatch });
    this.#stored = spoilt;
  }
}
