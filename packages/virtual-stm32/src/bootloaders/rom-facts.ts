// What the ROM bootloader of each chip does that the catalogue (@firmseal/chips: commands, versions, layout
// strings, option bytes as memory) does not say: USB strings, RAM in use. AN2606, the section of each family.
// Unverified: RAM in use but for F427 and H743, which version a part has, the default of the voltage byte.

import type { Chip, Range } from '@firmseal/chips';

export interface RomFacts {
  /** The byte that names the version of the whole bootloader (AN2606 table 4). */
  readonly versionValue: number;
  readonly usbProduct: string;
  /** From the unique id; `id-code`: DBGMCU_IDCODE, so that all parts of a revision have the same. */
  readonly usbSerial: 'unique-id' | 'id-code';
  /** RAM that the bootloader itself works in, and lets nobody write. */
  readonly reservedRam: readonly Range[];
  /** Lock bytes of the OTP area, which the chip does not model: all open, FF. */
  readonly otpLock?: Range;
  /** Whether a byte at 0xFFFF0000 tells the bootloader the supply voltage. */
  readonly voltageByte: boolean;
}

/**
 * Address of the supply voltage byte: 0 1.8 V, 1 2.1 V, 2 2.4 V, 3 2.7 V and up, 4
 * with VPP (AN2606, F2 and F4).
 */
export const voltageByteAddress = 0xffff0000;

const classic = { usbProduct: 'STM32  BOOTLOADER', usbSerial: 'unique-id' } as const;
const fullSpeed = { usbProduct: 'DFU in FS Mode', usbSerial: 'unique-id' } as const;

const range = (addressStart: number, length: number): Range => ({ addressStart, length });

const f4 = {
  ...classic,
  reservedRam: [range(0x20000000, 12288)],
  otpLock: range(0x1fff7a00, 16),
  voltageByte: true,
};

const factsByChip: Readonly<Record<string, RomFacts>> = {
  stm32f405: { ...f4, versionValue: 0x90 },
  stm32f427: { ...f4, versionValue: 0x91 },
  stm32f427xg: { ...f4, versionValue: 0x91 },
  stm32f446: { ...f4, versionValue: 0x90 },
  stm32f411: { ...f4, versionValue: 0xd0 },
  stm32h743: {
    ...fullSpeed,
    usbSerial: 'id-code',
    versionValue: 0x90,
    reservedRam: [range(0x20000000, 16384), range(0x24000000, 212992)],
    voltageByte: false,
  },
  stm32g0b1: {
    ...fullSpeed,
    versionValue: 0x92,
    reservedRam: [range(0x20000000, 16384)],
    voltageByte: false,
  },
  stm32l476: {
    ...classic,
    versionValue: 0x92,
    reservedRam: [range(0x20000000, 12288)],
    voltageByte: false,
  },
  stm32u575: {
    ...fullSpeed,
    versionValue: 0x92,
    reservedRam: [range(0x20000000, 16384)],
    voltageByte: false,
  },
};

/** Undefined for a chip whose bootloader is not modelled. */
export function romFactsOf(chip: Chip): RomFacts | undefined {
  return factsByChip[chip.id];
}
