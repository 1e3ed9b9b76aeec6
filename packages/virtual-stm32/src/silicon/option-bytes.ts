// The option bytes: what is stored, what is in force since the last load, and the rules of changing them.
// Readout protection only rises, but for the step from 1 to 0, which first erases the main flash; at level 2
// nothing changes ever again. RM0090 3.7, RM0433 4.4 and 4.5. Stored values take force at a reset or launch.

import { u32be } from '@firmseal/bytes';
import {
  accessLevel,
  type Chip,
  defaultOptionValues,
  type EraseUnit,
  executeOnlyRanges,
  isWriteProtected,
  type OptionValues,
  optionField,
  type ProductState,
  type Range,
  type ReadoutLevel,
  readoutLevel,
  withOptionField,
} from '@firmseal/chips';
import type { FlashTiming } from './flash-timing.ts';
import { LevelKeys, type SavedLevelKeys } from './level-keys.ts';
import type { LastingOperation } from './operations-under-way.ts';
import type { PowerSupply } from './power-supply.ts';
import type { SeededRandom } from './random.ts';
import { areaBounds, planRegression } from './regression.ts';
import { tearBytes } from './tearing.ts';

/**
 * `locked`: level 2. `field-locked`: a field that only a regression lets go (PCROP, secure-only area), a
 * product state that does not follow the present one, or a level that waits for a key. `refused`: this master
 * may not. `unknown-register`: not in the catalogue.
 */
export type OptionStatus = 'ok' | 'locked' | 'field-locked' | 'unknown-register' | 'refused';

export interface OptionParts {
  readonly chip: Chip;
  readonly power: PowerSupply;
  readonly timing: FlashTiming;
  readonly random: SeededRandom;
  /** Begins the programming, where it lasts beyond the call. */
  readonly begin: (operation: LastingOperation) => void;
  /** Erases the main flash but for the units that stay, and what else the regression erases. */
  readonly regress: (stays: (unit: EraseUnit) => boolean) => void;
}

export interface SavedOptions {
  readonly stored: OptionValues;
  readonly loaded: OptionValues;
  readonly levelKeys: SavedLevelKeys;
}

/** What a readout protection byte that does not match its complement reads as: level 1. */
const mismatch = 0xff;

export class OptionBytes {
  /** Keys that guard a step down (U5). */
  readonly levelKeys: LevelKeys;
  readonly #parts: OptionParts;
  #stored: Map<number, number>;
  #loaded: Map<number, number>;
  /** Derived from the values in force; every access asks for them. */
  #level: ReadoutLevel = 0;
  #access: ReadoutLevel = 0;
  #executeOnly: readonly Range[] = [];

  constructor(parts: OptionParts) {
    this.#parts = parts;
    this.levelKeys = new LevelKeys(parts.chip);
    this.#stored = defaultOptionValues(parts.chip);
    this.#loaded = new Map(this.#stored);
    this.#derive();
  }

  #derive(): void {
    this.#level = readoutLevel(this.#parts.chip, this.#loaded);
    this.#access = accessLevel(this.#parts.chip, this.#loaded);
    this.#executeOnly = executeOnlyRanges(this.#parts.chip, this.#loaded);
  }

  /** Values in force. */
  get loaded(): OptionValues {
    return this.#loaded;
  }

  /** Values that the next load brings. */
  get stored(): OptionValues {
    return this.#stored;
  }

  restore(saved: SavedOptions): void {
    this.#stored = new Map(saved.stored);
    this.#loaded = new Map(saved.loaded);
    this.levelKeys.restore(saved.levelKeys);
    this.#derive();
  }

  /** The level whose rules of access are in force: the readout level, but for product states. */
  get access(): ReadoutLevel {
    return this.#access;
  }

  /** The product state in force, on chips with product states. */
  get productState(): ProductState | undefined {
    const { productStates, field } = this.#parts.chip.readoutProtection;
    return productStates?.find(({ value }) => value === this.field(field));
  }

  /** Whether a byte of the physical range can only be executed (PCROP). */
  isExecuteOnly(address: number, length: number): boolean {
    for (const range of this.#executeOnly)
      if (address < range.addressStart + range.length && range.addressStart < address + length) return true;
    return false;
  }

  /** Readout level in force. */
  get level(): ReadoutLevel {
    return this.#level;
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
    this.levelKeys.load();
    this.#derive();
  }

  /**
   * A key given through the debug port under reset. The right one lets level 1 be left, or makes a chip at
   * level 2 one at level 1 from its next load on; nothing is erased by that.
   */
  giveLevelKey(key: Uint8Array): 'opened' | 'wrong' | 'no-key' {
    const level = this.level;
    const given = this.levelKeys.give(level, key);
    const { field, level1 } = this.#parts.chip.readoutProtection;
    if (given === 'opened' && level === 2)
      this.#stored = withOptionField(this.#parts.chip, this.#stored, { name: field, value: level1 });
    return given;
  }

  /**
   * What the ROM's service does in the state that takes passwords (H5). Certificates have no model: with
   * TrustZone on, the password is refused.
   */
  storePassword(password: Uint8Array): 'ok' | 'refused' {
    const { debugAuthentication } = this.#parts.chip.readoutProtection;
    const isTaken = this.#passwordCounts && this.productState?.value === debugAuthentication?.provisionedIn;
    if (!isTaken || password.length === 0) return 'refused';
    this.levelKeys.setPassword(password);
    return 'ok';
  }

  get #passwordCounts(): boolean {
    const while_ = this.#parts.chip.readoutProtection.debugAuthentication?.passwordWhile;
    return while_ !== undefined && this.field(while_.field) === while_.value;
  }

  discoverAuthentication(): { productState: string; provisioned: boolean } | undefined {
    const { productState } = this;
    if (productState === undefined) return undefined;
    return { productState: productState.name, provisioned: this.levelKeys.password !== undefined };
  }

  /**
   * Debug authentication: the right password erases the chip and ends in the state that the catalogue names.
   */
  authenticate(given: Uint8Array): 'opened' | 'wrong' | 'no-key' | 'refused' {
    const { debugAuthentication, field: name } = this.#parts.chip.readoutProtection;
    const isLeft = debugAuthentication?.opens.includes(this.productState?.value ?? Number.NaN);
    if (debugAuthentication === undefined || isLeft !== true || !this.#passwordCounts) return 'refused';
    const { password } = this.levelKeys;
    if (password === undefined) return 'no-key';
    if (password.length !== given.length || password.some((byte, i) => byte !== given[i])) return 'wrong';
    const value = debugAuthentication.endsIn;
    this.#write(
      this.#regression(withOptionField(this.#parts.chip, this.#stored, { name, value })),
      undefined,
    );
    return 'opened';
  }

  /** Against program and erase: by its own option bits, or because a part of it can only be executed. */
  isWriteProtected = (unit: EraseUnit): boolean =>
    isWriteProtected(this.#parts.chip, this.#loaded, unit) ||
    this.isExecuteOnly(unit.addressStart, unit.sizeBytes);

  /**
   * Programs the registers given, others keep their stored values. Bits that are no option bytes are ignored.
   * With `whenDone` the programming lasts beyond the call (the erase of a regression does not).
   */
  program(values: OptionValues, whenDone?: () => void): OptionStatus {
    const { chip } = this.#parts;
    let next: Map<number, number> = new Map(this.#stored);
    for (const [id, value] of values) {
      const register = chip.options.registers[id];
      if (register === undefined) return 'unknown-register';
      next.set(id, (value & register.mask) >>> 0);
    }
    const before = Math.max(this.level, readoutLevel(chip, this.#stored));
    if (before === 2) return 'locked';
    const change = this.#stateChange(next);
    if (change === 'refused') return 'field-locked';
    const regresses =
      change === undefined ? before === 1 && readoutLevel(chip, next) === 0 : change === 'regression';
    if (!regresses && !this.#keepsLockedFields(next)) return 'field-locked';
    if (regresses && this.levelKeys.guards(1)) return 'field-locked';
    this.levelKeys.program(this.level);
    if (regresses) next = this.#regression(next);
    this.#write(next, whenDone);
    return 'ok';
  }

  /** What becomes of the product state; undefined on chips without one. */
  #stateChange(next: OptionValues): 'same' | 'forward' | 'regression' | 'refused' | undefined {
    const { chip } = this.#parts;
    const { productStates, field } = chip.readoutProtection;
    if (productStates === undefined) return undefined;
    const old = optionField(chip, this.#stored, field);
    const asked = optionField(chip, next, field);
    if (asked === old) return 'same';
    if (!productStates.find(({ value }) => value === old)?.next.includes(asked)) return 'refused';
    const goal = productStates.find(({ value }) => value === asked);
    return goal?.regressesTo === undefined ? 'forward' : 'regression';
  }

  #keepsLockedFields(next: OptionValues): boolean {
    const { chip } = this.#parts;
    const { keptAreas, clearsOnlyThen, frozen = [] } = chip.readoutProtection.regression;
    for (const name of clearsOnlyThen)
      if (optionField(chip, this.#stored, name) === 1 && optionField(chip, next, name) === 0) return false;
    for (const one of frozen)
      if (optionField(chip, this.#stored, one.while.field) === one.while.value)
        for (const name of one.fields)
          if (optionField(chip, this.#stored, name) !== optionField(chip, next, name)) return false;
    return keptAreas.every((area) => {
      const old = areaBounds(chip, this.#stored, area);
      const asked = areaBounds(chip, next, area);
      return old.start > old.end || (asked.start <= old.start && asked.end >= old.end);
    });
  }

  /** Erases; returns the values to write. */
  #regression(asked: Map<number, number>): Map<number, number> {
    const { chip, regress } = this.#parts;
    const { values, stays } = planRegression(chip, { stored: this.#stored, asked });
    regress(stays);
    const { field, productStates, debugAuthentication } = chip.readoutProtection;
    const state = productStates?.find(({ value }) => value === optionField(chip, values, field));
    const endsIn = state?.regressesTo ?? state?.value;
    if (endsIn === undefined) return values;
    // A full regression erases the option byte keys.
    if (endsIn === debugAuthentication?.endsIn) this.levelKeys.setPassword(undefined);
    return withOptionField(chip, values, { name: field, value: endsIn });
  }

  #write(next: Map<number, number>, whenDone: (() => void) | undefined): void {
    const { power, timing } = this.#parts;
    const tear = () => this.#tear(next);
    const begin = () =>
      this.#parts.begin({
        ...{ banks: [], durationUs: timing.optionProgramUs(), tear },
        complete: () => {
          this.#stored = next;
          whenDone?.();
        },
      });
    power.run({
      ...{ kind: 'option-bytes', address: 0, length: 4 * next.size, tear },
      complete: () => {
        this.#stored = next;
        timing.spend(timing.optionProgramUs());
      },
      ...(whenDone === undefined ? {} : { begin }),
    });
  }

  /**
   * Left as they were, all written, or spoilt: bits torn and the protection byte a mismatch, so never lower.
   */
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
