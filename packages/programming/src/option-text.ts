// Option bytes by name, as ST's tool spells them on its command line (`RDP=0xBB`, `BOR_LEV=2`): read,
// compared and shown. Names and meanings are the catalogue's.

import {
  type Chip,
  findOptionField,
  type OptionField,
  type OptionValues,
  optionField,
  withOptionField,
} from '@firmseal/chips';
import { Fault } from '@firmseal/fault';

export interface OptionSetting {
  readonly field: string;
  readonly value: number;
}

/**
 * `setting = name "=" (decimal | "0x" hexadecimal)`. Throws `option-setting-malformed`,
 * `option-field-unknown`.
 */
export function readOptionSetting(chip: Chip, text: string): OptionSetting {
  const found = /^([A-Za-z][A-Za-z0-9_]*)=(0[xX][0-9A-Fa-f]{1,8}|\d{1,10})$/.exec(text.trim());
  if (found === null) throw new Fault('option-setting-malformed', { setting: text });
  const { name } = findOptionField(chip, found[1]!);
  return { field: name, value: Number(found[2]) };
}

/** The values with the settings. Throws `option-setting-repeated`, `option-value-too-wide`. */
export function withSettings(
  chip: Chip,
  values: OptionValues,
  settings: readonly OptionSetting[],
): Map<number, number> {
  const seen = new Set<string>();
  let after = new Map(values);
  for (const { field, value } of settings) {
    if (seen.has(field)) throw new Fault('option-setting-repeated', { field });
    seen.add(field);
    after = withOptionField(chip, after, { name: field, value });
  }
  return after;
}

export interface OptionChange {
  readonly field: string;
  readonly before: number;
  readonly after: number;
}

/** The fields that differ, of the registers that both have, in the order of the catalogue. */
export function optionChanges(chip: Chip, before: OptionValues, after: OptionValues): OptionChange[] {
  return chip.options.registers
    .filter(({ id }) => before.has(id) && after.has(id))
    .flatMap(({ fields }) => fields)
    .map(({ name }) => ({
      field: name,
      before: optionField(chip, before, name),
      after: optionField(chip, after, name),
    }))
    .filter((one) => one.before !== one.after);
}

/** `0xBB`: as many digits as the field has room for. */
function optionValueText({ msb, lsb }: OptionField, value: number): string {
  return `0x${value
    .toString(16)
    .toUpperCase()
    .padStart(Math.ceil((msb - lsb + 1) / 4), '0')}`;
}

/** `0xBB (level 1)`, with what the value means where the catalogue says. */
function valueWithMeaning(field: OptionField, value: number): string {
  const meaning = field.values[String(value)] ?? field.values['other'];
  const text = optionValueText(field, value);
  return meaning === undefined ? text : `${text} (${meaning})`;
}

/** `RDP=0xAA (level 0) -> 0xBB (level 1)` */
export function optionChangeText(chip: Chip, { field, before, after }: OptionChange): string {
  const one = findOptionField(chip, field);
  return `${field}=${valueWithMeaning(one, before)} -> ${valueWithMeaning(one, after)}`;
}

/** `RDP=0xAA (level 0)` for every field of the registers that are there. */
export function optionTexts(chip: Chip, values: OptionValues): string[] {
  return chip.options.registers
    .filter(({ id }) => values.has(id))
    .flatMap(({ fields }) => fields)
    .map((one) => `${one.name}=${valueWithMeaning(one, optionField(chip, values, one.name))}`);
}
