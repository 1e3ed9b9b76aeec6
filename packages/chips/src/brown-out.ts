// The brown-out level that fits a supply. F4, F7 and G0 leave the factory without one, and would run on from
// a falling supply until flash misreads. Codes and nominal thresholds are those that ST's HAL names
// (stm32*_hal_flash_ex.h, OB_BOR_LEVEL*); the bands around them are in the datasheets.

import type { Chip } from './chip.ts';
import { fieldMask, findOptionField, type OptionValues, optionField } from './option-values.ts';
import type { OptionRequirement } from './protection.ts';

interface Threshold {
  readonly fields: Readonly<Record<string, number>>;
  /** Nominal, of a falling supply. */
  readonly millivolts: number;
}

/** Between a least supply and a threshold: covers the upper end of its band and the hysteresis above it. */
export const marginMillivolts = 200;

const level = (code: number, millivolts: number): Threshold => ({ fields: { BOR_LEV: code }, millivolts });
const ofL4 = [1700, 2000, 2200, 2500, 2800].map((millivolts, code) => level(code, millivolts));

/** From low to high. */
const thresholds: Readonly<Record<string, readonly Threshold[]>> = {
  f4: [level(2, 2100), level(1, 2400), level(0, 2700)],
  h7: [level(1, 2100), level(2, 2400), level(3, 2700)],
  l4: ofL4,
  // RM0481 4.9.4; BOR_LEV 0 is level 1 too.
  h5: [2100, 2400, 2700].map((millivolts, i) => ({
    fields: { BORH_EN: 1, BOR_LEV: i + 1 },
    millivolts,
  })),
  u5: ofL4,
  g0: [2000, 2200, 2500, 2800].map((millivolts, code) => ({
    fields: { BOR_EN: 1, BORF_LEV: code, BORR_LEV: code },
    millivolts,
  })),
};

/**
 * The option bits of the highest level that a supply of at least `leastMillivolts` never reaches. Empty where
 * the catalogue knows no level that is low enough: the chip keeps the one that it has.
 */
export function brownOutOptions(chip: Chip, leastMillivolts: number): readonly OptionRequirement[] {
  const known = thresholds[chip.flashController.kind] ?? [];
  const fitting = known.findLast(({ millivolts }) => millivolts + marginMillivolts <= leastMillivolts);
  return Object.entries(fitting?.fields ?? {}).map(([name, value]) => {
    const field = findOptionField(chip, name);
    return { register: field.register, mask: fieldMask(field), value: (value << field.lsb) >>> 0 };
  });
}

/** VDD, nominal and falling, below which a chip with these option bytes is in reset. */
export function brownOutMillivolts(chip: Chip, values: OptionValues): number {
  const known = thresholds[chip.flashController.kind] ?? [];
  const inForce = known.find(({ fields }) =>
    Object.entries(fields).every(([name, value]) => optionField(chip, values, name) === value),
  );
  return Math.max(inForce?.millivolts ?? 0, chip.supply.resetMillivolts);
}
