// Values of a chip's option bytes: register number to 32-bit value. Named fields, the readout level, and
// which bits a package may ask for (spec/agent.md section 4). Nothing here changes a chip.

import { Fault } from '@firmseal/fault';
import type { Chip } from './chip.ts';
import { eraseUnitsOf } from './erase-units.ts';
import type { OptionField, ReadoutLevel } from './protection.ts';

export type OptionValues = ReadonlyMap<number, number>;

/** The option bytes of a blank part. */
export function defaultOptionValues(chip: Chip): Map<number, number> {
  return new Map(chip.options.registers.map(({ id, defaultValue }) => [id, defaultValue]));
}

/** The field of that name. Throws `option-field-unknown`. */
export function findOptionField(chip: Chip, name: string): OptionField {
  for (const { fields } of chip.options.registers)
    for (const field of fields) if (field.name === name) return field;
  const known = chip.options.registers.flatMap(({ fields }) => fields.map((field) => field.name)).join(', ');
  throw new Fault('option-field-unknown', { chip: chip.id, field: name, known });
}

const widest = ({ msb, lsb }: OptionField) => 2 ** (msb - lsb + 1) - 1;

/** The bits of the field within its register. */
export function fieldMask(field: OptionField): number {
  return (widest(field) << field.lsb) >>> 0;
}

/** Value of a field. A register that is missing counts with its default. Throws `option-field-unknown`. */
export function optionField(chip: Chip, values: OptionValues, name: string): number {
  const field = findOptionField(chip, name);
  const value = values.get(field.register) ?? chip.options.registers[field.register]!.defaultValue;
  return ((value >>> field.lsb) & widest(field)) >>> 0;
}

/** A copy with the field set. Throws `option-field-unknown`, `option-value-too-wide`. */
export function withOptionField(
  chip: Chip,
  values: OptionValues,
  { name, value }: { readonly name: string; readonly value: number },
): Map<number, number> {
  const field = findOptionField(chip, name);
  if (!Number.isInteger(value) || value < 0 || value > widest(field))
    throw new Fault('option-value-too-wide', { field: name, value, most: widest(field) });
  const before = values.get(field.register) ?? chip.options.registers[field.register]!.defaultValue;
  const after = ((before & ~fieldMask(field)) | (value << field.lsb)) >>> 0;
  return new Map(values).set(field.register, after);
}

/**
 * Readout protection level that these values mean: two values are levels 0 and 2, all others level
 * 1, but for level 0.5, which counts as 0. On chips with product states, the level that the state
 * counts as; 0 when it is no state.
 */
export function readoutLevel(chip: Chip, values: OptionValues): ReadoutLevel {
  const { field, level0, level2, productStates, halfLevel } = chip.readoutProtection;
  const value = optionField(chip, values, field);
  if (productStates !== undefined) return productStates.find((one) => one.value === value)?.countsAs ?? 0;
  if (value === level0) return 0;
  if (
    value === halfLevel?.value &&
    optionField(chip, values, halfLevel.onlyWith.field) === halfLevel.onlyWith.value
  )
    return 0;
  return value === level2 ? 2 : 1;
}

/**
 * The readout level whose rules of access hold with these values: the level itself, but for chips with
 * product states, where a closed part answers no debugger though a regression can open it again.
 */
export function accessLevel(chip: Chip, values: OptionValues): ReadoutLevel {
  const { field, productStates } = chip.readoutProtection;
  if (productStates === undefined) return readoutLevel(chip, values);
  const value = optionField(chip, values, field);
  return productStates.find((one) => one.value === value)?.accessAs ?? 2;
}

/**
 * Whether a chip that is set to the level, by the value that firmseal writes for it,
 * answers no debugger any more.
 */
export function isSilentAt(chip: Chip, level: ReadoutLevel): boolean {
  const { field: name, level0, level1, level2 } = chip.readoutProtection;
  const value = [level0, level1, level2][level]!;
  return accessLevel(chip, withOptionField(chip, new Map(), { name, value })) === 2;
}

export interface PolicyBits {
  /** May be set either way. */
  readonly neutral: number;
  /** May only fall from 1 to 0: write protection of the units of the anchor. */
  readonly clearOnly: number;
  /** May only rise from 0 to 1. */
  readonly setOnly: number;
  /** Readout protection: the level may only rise. */
  readonly readout: number;
}

/**
 * Which bits of a register a package's policy may ask for. Write protection is left out for everything but
 * the anchor: applications, journal, agents and identities are written again, by installs, updates and
 * repairs. Ranges from start to end are left out whole: no bit of theirs makes protection only stronger.
 */
export function policyBits(chip: Chip, register: number): PolicyBits {
  const bits = { neutral: 0, clearOnly: 0, setOnly: 0, readout: 0 };
  for (const field of chip.options.registers[register]?.fields ?? []) {
    if (field.policy === 'neutral') bits.neutral |= fieldMask(field);
    if (field.policy === 'clear-only') bits.clearOnly |= fieldMask(field);
    if (field.policy === 'set-only') bits.setOnly |= fieldMask(field);
    if (field.policy === 'readout') bits.readout |= fieldMask(field);
  }
  const { anchor, anchorData } = chip.layout;
  const held = [anchor, anchorData].flatMap((range) => eraseUnitsOf(chip, range).map(({ index }) => index));
  for (const { index, writeProtect } of chip.flash.eraseUnits)
    if (writeProtect.kind === 'bit' && writeProtect.register === register && !held.includes(index))
      bits.clearOnly &= ~(1 << writeProtect.bit);
  const { neutral, clearOnly, setOnly, readout } = bits;
  return {
    neutral: neutral >>> 0,
    clearOnly: clearOnly >>> 0,
    setOnly: setOnly >>> 0,
    readout: readout >>> 0,
  };
}
