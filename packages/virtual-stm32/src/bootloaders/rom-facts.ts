// What the ROM bootloader of each chip does that the catalogue (@firmseal/chips: commands, versions, layout
// strings) does not say: USB strings, RAM in use, option bytes as memory. AN2606, the section of each family;
// option bytes from flash memory: RM0090 table 16, RM0351 and RM0444 3.4.1; option registers: RM0433 4.9,
// RM0456 7.9. Unverified: RAM in use but for F427 and H743, bootloader ids, the option bytes of G0B1's bank
// 2, the default of the voltage byte.

import type { Chip, Range } from '@firmseal/chips';

/** Where a part of an option register stands when option bytes are read and written as memory. */
interface OptionView {
  readonly address: number;
  /** Id of the register in the catalogue. */
  readonly register: number;
  /** Lowest bit of the register that stands at the address; bytes follow upwards (little-endian). */
  readonly shift: number;
  readonly lengthBytes: number;
  readonly writable: boolean;
}

export interface OptionWindow extends Range {
  /** What bits read as that are no option bits: 0 or 0xFF. */
  readonly filler: number;
  /** Each view is followed by its complement. */
  readonly complemented: boolean;
  readonly views: readonly OptionView[];
}

export interface RomFacts {
  /** The byte that names the version of the whole bootloader (AN2606 table 4). */
  readonly bootloaderId: { readonly address: number; readonly value: number };
  readonly usbProduct: string;
  /** From the unique id; `id-code`: DBGMCU_IDCODE, so that all parts of a revision have the same. */
  readonly usbSerial: 'unique-id' | 'id-code';
  /** RAM that the bootloader itself works in, and lets nobody write. */
  readonly reservedRam: readonly Range[];
  readonly optionWindows: readonly OptionWindow[];
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

/** The option registers themselves: read at one address, programmed at the same or another. */
function registerWindow(chip: Chip, { addressStart, length }: Range): OptionWindow {
  const inside = ({ address }: OptionView) => address >= addressStart && address < addressStart + length;
  const views = chip.options.registers.flatMap(({ id, readAddress, programAddress }) => [
    {
      address: readAddress,
      register: id,
      shift: 0,
      lengthBytes: 4,
      writable: readAddress === programAddress,
    },
    ...(readAddress === programAddress
      ? []
      : [{ address: programAddress, register: id, shift: 0, lengthBytes: 4, writable: true }]),
  ]);
  return { addressStart, length, filler: 0x00, complemented: false, views: views.filter(inside) };
}

/**
 * Option bytes of F4: half words of OPTCR and OPTCR1. `shifts` are those at offsets 0
 * and 8, where there is one.
 */
function halfWords(
  addressStart: number,
  register: number,
  shifts: readonly (number | undefined)[],
): OptionWindow {
  const views = shifts.flatMap((shift, i) =>
    shift === undefined
      ? []
      : [{ address: addressStart + 8 * i, register, shift, lengthBytes: 2, writable: true }],
  );
  return { addressStart, length: 16, filler: 0xff, complemented: false, views };
}

/** Option bytes of G0 and L4: words with their complements, each 8 bytes, by offset. */
function words(
  range: Range,
  registers: readonly (readonly [offset: number, register: number])[],
): OptionWindow {
  const views = registers.map(([offset, register]) => ({
    ...{ address: range.addressStart + offset, register, shift: 0, lengthBytes: 4, writable: true },
  }));
  return { ...range, filler: 0xff, complemented: true, views };
}

const range = (addressStart: number, length: number): Range => ({ addressStart, length });

const factsByChip: Readonly<Record<string, (chip: Chip) => RomFacts>> = {
  stm32f405: () => ({
    ...classic,
    bootloaderId: { address: 0x1fff77de, value: 0x90 },
    reservedRam: [range(0x20000000, 12288)],
    optionWindows: [halfWords(0x1fffc000, 0, [0, 16])],
    otpLock: range(0x1fff7a00, 16),
    voltageByte: true,
  }),
  stm32f427: () => ({
    ...classic,
    bootloaderId: { address: 0x1fff76de, value: 0x91 },
    reservedRam: [range(0x20000000, 12288)],
    optionWindows: [halfWords(0x1fffc000, 0, [0, 16]), halfWords(0x1ffec000, 1, [undefined, 16])],
    otpLock: range(0x1fff7a00, 16),
    voltageByte: true,
  }),
  stm32h743: (chip) => ({
    ...fullSpeed,
    usbSerial: 'id-code',
    bootloaderId: { address: 0x1ff1e7fe, value: 0x90 },
    reservedRam: [range(0x20000000, 16384), range(0x24000000, 212992)],
    optionWindows: [
      registerWindow(chip, range(0x5200201c, 128)),
      registerWindow(chip, range(0x52002128, 24)),
    ],
    voltageByte: false,
  }),
  stm32g0b1: () => ({
    ...fullSpeed,
    bootloaderId: { address: 0x1fff9ffe, value: 0x92 },
    reservedRam: [range(0x20000000, 16384)],
    optionWindows: [
      words(range(0x1fff7800, 0x78), [
        ...([
          [0x00, 0],
          [0x08, 1],
          [0x10, 2],
          [0x18, 3],
          [0x20, 4],
          [0x28, 5],
          [0x30, 6],
        ] as const),
        ...([
          [0x48, 7],
          [0x50, 8],
          [0x58, 9],
          [0x60, 10],
          [0x68, 11],
          [0x70, 12],
        ] as const),
      ]),
    ],
    voltageByte: false,
  }),
  stm32l476: () => ({
    ...classic,
    bootloaderId: { address: 0x1fff6ffe, value: 0x92 },
    reservedRam: [range(0x20000000, 12288)],
    optionWindows: [
      words(range(0x1fff7800, 40), [
        [0x00, 0],
        [0x08, 1],
        [0x10, 2],
        [0x18, 3],
        [0x20, 4],
      ]),
      words(range(0x1ffff800, 40), [
        [0x08, 5],
        [0x10, 6],
        [0x18, 7],
        [0x20, 8],
      ]),
    ],
    voltageByte: false,
  }),
  stm32u575: (chip) => ({
    ...fullSpeed,
    bootloaderId: { address: 0x0bf99efe, value: 0x92 },
    reservedRam: [range(0x20000000, 16384)],
    optionWindows: [registerWindow(chip, range(0x40022040, 64))],
    voltageByte: false,
  }),
};

/** Undefined for a chip whose bootloader is not modelled. */
export function romFactsOf(chip: Chip): RomFacts | undefined {
  return factsByChip[chip.id]?.(chip);
}
