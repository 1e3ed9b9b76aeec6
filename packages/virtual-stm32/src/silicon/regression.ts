// A regression of readout protection: which areas of the flash stay, and what the option bytes hold
// afterwards. Areas that stay keep their fields; areas that went, and fields that only a regression changes,
// get their defaults. RM0090 3.7.3, RM0433 4.5.3, RM0444 3.5.1 (table 18), RM0351 3.5.1.

import {
  type Chip,
  defaultOptionValues,
  type EraseUnit,
  type KeptArea,
  type OptionValues,
  optionField,
  withOptionField,
} from '@firmseal/chips';

export interface Regression {
  readonly values: Map<number, number>;
  readonly stays: (unit: EraseUnit) => boolean;
}

interface Stretch {
  readonly first: number;
  readonly last: number;
}

/** Granules of the area, the last one included; start above end is no area. */
export function areaBounds(
  chip: Chip,
  values: OptionValues,
  { startField, endField }: Pick<KeptArea, 'startField' | 'endField'>,
): { readonly start: number; readonly end: number } {
  return { start: optionField(chip, values, startField), end: optionField(chip, values, endField) };
}

/** The stretch of flash that the area keeps; undefined when there is no area, or it goes. */
function keptStretch(
  chip: Chip,
  { stored, asked }: { stored: OptionValues; asked: OptionValues },
  area: KeptArea,
): Stretch | undefined {
  const { start, end } = areaBounds(chip, stored, area);
  const goes = [stored, asked].some((values) => optionField(chip, values, area.eraseField) === 1);
  if (start > end || goes) return undefined;
  const bank = chip.flash.banks.find(({ number }) => number === area.bank)!;
  if (start === end && chip.executeOnly?.equalMeansBank)
    return { first: bank.addressStart, last: bank.addressStart + bank.length - 1 };
  return {
    first: bank.addressStart + start * area.granuleBytes,
    last: bank.addressStart + (end + 1) * area.granuleBytes - 1,
  };
}

/**
 * Stored values and those that were asked for, with readout protection at level 0 or
 * what the product state becomes.
 */
export function planRegression(
  chip: Chip,
  { stored, asked }: { readonly stored: OptionValues; readonly asked: OptionValues },
): Regression {
  const { keptAreas, clearsOnlyThen, frozen = [] } = chip.readoutProtection.regression;
  const defaults = defaultOptionValues(chip);
  let values = new Map(asked);
  const copy = (source: OptionValues, name: string) => {
    values = withOptionField(chip, values, { name, value: optionField(chip, source, name) });
  };
  const staying: Stretch[] = [];
  for (const area of keptAreas) {
    const stretch = keptStretch(chip, { stored, asked }, area);
    if (stretch !== undefined) staying.push(stretch);
    const { start, end } = areaBounds(chip, stored, area);
    if (start > end) continue;
    for (const name of [area.startField, area.endField])
      copy(stretch === undefined ? defaults : stored, name);
  }
  if (staying.length === 0)
    for (const { eraseField } of keptAreas)
      if (clearsOnlyThen.includes(eraseField)) copy(defaults, eraseField);
  for (const one of frozen)
    if (optionField(chip, stored, one.while.field) === one.while.value)
      for (const name of one.fields) copy(defaults, name);
  const stays = ({ addressStart, sizeBytes }: EraseUnit) =>
    staying.some(({ first, last }) => first < addressStart + sizeBytes && last >= addressStart);
  return { values, stays };
}
