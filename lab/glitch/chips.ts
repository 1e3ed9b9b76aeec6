// What the campaign has to know of each chip that it attacks, beside the catalogue: where the flash controller says how it
// stands, so that it can be put back, and how an application confirms itself.

import { type Chip, defaultOptionValues, fieldMask, findOptionField } from '@firmseal/chips';

export interface FlashController {
  readonly keys: number;
  readonly status: number;
  /** Where a 1 clears a flag of the status. */
  readonly clear: number;
  readonly control: number;
  /** An operation runs, or words of a unit are missing. */
  readonly busy: number;
  readonly locked: number;
  readonly programs: number;
}

interface Facts {
  readonly controllers: readonly FlashController[];
  /** A word may be half given, which no register shows. */
  readonly hidesHalfWords: boolean;
  /** Bits that open the backup registers, and the one whose word confirms (spec/agent.md section 6). */
  readonly opens: readonly { readonly address: number; readonly bits: number }[];
  readonly backup: number;
}

const facts: Readonly<Record<string, Facts>> = {
  // RM0444 3.7.2, 3.7.4, 3.7.5: BSY1, BSY2, CFGBSY. RCC_APBENR1, PWR_CR1, TAMP_BKP0R.
  stm32g0b1: {
    controllers: [
      {
        ...{ keys: 0x4002_2008, status: 0x4002_2010, clear: 0x4002_2010, control: 0x4002_2014 },
        ...{ busy: 0x0007_0000, locked: 0x8000_0000, programs: 1 },
      },
    ],
    hidesHalfWords: true,
    opens: [
      { address: 0x4002_103c, bits: (1 << 28) | (1 << 10) },
      { address: 0x4000_7000, bits: 1 << 8 },
    ],
    backup: 0x4000_b100,
  },
  // RM0090 3.9.4, 3.9.6, 3.9.8: BSY. RCC_APB1ENR, PWR_CR, RTC_BKP0R.
  stm32f427: {
    controllers: [
      {
        ...{ keys: 0x4002_3c04, status: 0x4002_3c0c, clear: 0x4002_3c0c, control: 0x4002_3c10 },
        ...{ busy: 0x0001_0000, locked: 0x8000_0000, programs: 1 },
      },
    ],
    hidesHalfWords: false,
    opens: [
      { address: 0x4002_3840, bits: 1 << 28 },
      { address: 0x4000_7000, bits: 1 << 8 },
    ],
    backup: 0x4000_2850,
  },
  // RM0433 4.9: a set of registers for each bank; BSY, WBNE, QW. PWR_CR1, RTC_BKP0R.
  stm32h743: {
    controllers: [0x5200_2000, 0x5200_2100].map((base) => ({
      ...{ keys: base + 0x04, status: base + 0x10, clear: base + 0x14, control: base + 0x0c },
      ...{ busy: 0x7, locked: 1, programs: 2 },
    })),
    hidesHalfWords: false,
    opens: [{ address: 0x5802_4800, bits: 1 << 8 }],
    backup: 0x5800_4050,
  },
  // RM0456 7.9: NSKEYR, NSSR, NSCR; BSY, WDW. RCC_AHB3ENR, RCC_APB3ENR, PWR_DBPR, TAMP_BKP0R.
  stm32u575: {
    controllers: [
      {
        ...{ keys: 0x4002_2008, status: 0x4002_2020, clear: 0x4002_2020, control: 0x4002_2028 },
        ...{ busy: 0x0003_0000, locked: 0x8000_0000, programs: 1 },
      },
    ],
    hidesHalfWords: false,
    opens: [
      { address: 0x4602_0c94, bits: 1 << 2 },
      { address: 0x4602_0ca8, bits: 1 << 21 },
      { address: 0x4602_0828, bits: 1 },
    ],
    backup: 0x4600_7d00,
  },
};

export const attackedChips: readonly string[] = Object.keys(facts);

export function factsOf(chipId: string): Facts {
  const found = facts[chipId];
  if (found === undefined) throw new Error(`${chipId} is not among ${attackedChips.join(', ')}`);
  return found;
}

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

/** A field of the first register that a policy may set either way, as it stands in a new chip. */
export function optionInForce(chip: Chip): Requirement {
  const mask = fieldMask(chip.options.registers[0]!.fields.find(({ policy }) => policy === 'neutral')!);
  return { register: 0, mask, value: (defaultOptionValues(chip).get(0)! & mask) >>> 0 };
}

/** A bit that the first register does not have. */
export function optionUnknown(chip: Chip): Requirement {
  const known = chip.options.registers[0]!.fields.reduce((all, field) => all | fieldMask(field), 0);
  return { register: 0, mask: (1 << (31 - Math.clz32(~known))) >>> 0, value: 0 };
}
