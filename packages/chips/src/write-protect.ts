// Write protection of erase units by option bytes, whichever way the chip does it: a bit for one or
// some units, or a few ranges from start to end in each bank. Reads the state, and says what option
// bytes would protect given ranges.

import { Fault } from '@firmseal/fault';
import type { Chip } from './chip.ts';
import { eraseUnitsOf, hexAddress } from './erase-units.ts';
import type { EraseUnit, WriteProtectRange } from './flash.ts';
import { fieldMask, findOptionField, type OptionValues, optionField } from './option-values.ts';
import type { OptionRequirement } from './protection.ts';
import type { Range } from './range.ts';

/** Whether these option bytes protect the unit against program and erase. */
export function isWriteProtected(chip: Chip, values: OptionValues, { writeProtect }: EraseUnit): boolean {
  if (writeProtect.kind === 'ranges')
    return writeProtect.ranges.some(
      ({ startField, endField }) =>
        optionField(chip, values, startField) <= writeProtect.position &&
        writeProtect.position <= optionField(chip, values, endField),
    );
  const { register, bit } = writeProtect;
  const value = values.get(register) ?? chip.options.registers[register]!.defaultValue;
  const { invertsWriteProtection: inverted } = chip.options;
  const protecting = inverted !== undefined && optionField(chip, values, inverted) === 1 ? 1 : 0;
  return ((value >>> bit) & 1) === protecting;
}

/** Runs of units that follow each other within a bank. */
function runs(units: readonly EraseUnit[]): EraseUnit[][] {
  const result: EraseUnit[][] = [];
  for (const unit of units) {
    const last = result.at(-1)?.at(-1);
    if (last !== undefined && last.index + 1 === unit.index && last.bank === unit.bank)
      result.at(-1)!.push(unit);
    else result.push([unit]);
  }
  return result;
}

function fieldRequirement(chip: Chip, name: string, value: number): OptionRequirement {
  const field = findOptionField(chip, name);
  return { register: field.register, mask: fieldMask(field), value: (value << field.lsb) >>> 0 };
}

/**
 * Option bits that write-protect every erase unit which the byte ranges touch; units that share a bit
 * with one of them are protected too. A register can stand in the list more than once. On chips with
 * ranges the bank's other ranges are left as they are. Throws `address-not-in-flash`, and
 * `internal-error` when a bank has too few ranges.
 */
export function writeProtecting(chip: Chip, ranges: readonly Range[]): OptionRequirement[] {
  const units = new Set(ranges.flatMap((range) => eraseUnitsOf(chip, range)));
  const ascending = [...units].sort((a, b) => a.index - b.index);
  const used = new Set<WriteProtectRange>();
  return runs(ascending).flatMap((run) => {
    const first = run[0]!.writeProtect;
    const last = run.at(-1)!.writeProtect;
    if (first.kind === 'bit' || last.kind === 'bit')
      return run.flatMap(({ writeProtect }) =>
        writeProtect.kind === 'bit'
          ? [{ register: writeProtect.register, mask: (1 << writeProtect.bit) >>> 0, value: 0 }]
          : [],
      );
    const free = first.ranges.find((one) => !used.has(one));
    if (free === undefined)
      throw new Fault('internal-error', {
        detail: `${chip.id} has no write protection range left for ${hexAddress(run[0]!.addressStart)}`,
      });
    used.add(free);
    return [
      fieldRequirement(chip, free.startField, first.position),
      fieldRequirement(chip, free.endField, last.position),
    ];
  });
}
