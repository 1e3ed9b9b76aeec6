// Which stretches of flash can only be executed (PCROP), by the option bytes given: areas of granules in a
// bank, or whole sectors by their protection bits. RM0090 3.7.5, RM0433 4.5.4, RM0351 3.5.2, RM0444 3.5.2.

import type { Chip } from './chip.ts';
import { type OptionValues, optionField } from './option-values.ts';
import type { ExecuteOnlyArea } from './protection.ts';
import type { Range } from './range.ts';
import { isWriteProtected } from './write-protect.ts';

function areaRange(chip: Chip, values: OptionValues, area: ExecuteOnlyArea): Range | undefined {
  const first = optionField(chip, values, area.startField);
  const last = optionField(chip, values, area.endField);
  const bank = chip.flash.banks.find((one) => one.number === area.bank);
  if (bank === undefined || first > last) return undefined;
  if (first === last && chip.executeOnly?.equalMeansBank)
    return { addressStart: bank.addressStart, length: bank.length };
  const { granuleBytes } = area;
  const start = Math.min(first * granuleBytes, bank.length);
  const end = Math.min((last + 1) * granuleBytes, bank.length);
  return start === end ? undefined : { addressStart: bank.addressStart + start, length: end - start };
}

/** Physical byte ranges that can only be executed with these option bytes; none on parts without PCROP. */
export function executeOnlyRanges(chip: Chip, values: OptionValues): readonly Range[] {
  const { executeOnly } = chip;
  if (executeOnly === undefined) return [];
  const areas = executeOnly.areas.map((area) => areaRange(chip, values, area));
  const { sectorsWhile } = executeOnly;
  const bySectors =
    sectorsWhile !== undefined && optionField(chip, values, sectorsWhile.field) === sectorsWhile.value
      ? chip.flash.eraseUnits
          .filter((unit) => isWriteProtected(chip, values, unit))
          .map(({ addressStart, sizeBytes }) => ({ addressStart, length: sizeBytes }))
      : [];
  return [...areas.filter((range) => range !== undefined), ...bySectors];
}
