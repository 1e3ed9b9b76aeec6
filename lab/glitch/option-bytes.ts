// Requirements of option bytes that the scenarios use, from the catalogue.

import { type Chip, defaultOptionValues, fieldMask, findOptionField } from '@firmseal/chips';

interface Requirement {
  readonly register: number;
  readonly mask: number;
  readonly value: number;
}

/** Readout level 1 as an option requirement. */
export function levelOne(chip: Chip): Requirement {
  const { field, level1 } = chip.readoutProtection;
  const { register, lsb } = findOptionField(chip, field);
  return { register, mask: fieldMask(findOptionField(chip, field)), value: (level1 << lsb) >>> 0 };
}

/** A field of the first register that a policy may set either way, with the value of a new chip. */
export function optionInForce(chip: Chip): Requirement {
  const mask = fieldMask(chip.options.registers[0]!.fields.find(({ policy }) => policy === 'neutral')!);
  return { register: 0, mask, value: (defaultOptionValues(chip).get(0)! & mask) >>> 0 };
}

/** A bit that the first register does not have. */
export function optionUnknown(chip: Chip): Requirement {
  const known = chip.options.registers[0]!.fields.reduce((all, field) => all | fieldMask(field), 0);
  return { register: 0, mask: (1 << (31 - Math.clz32(~known))) >>> 0, value: 0 };
}
