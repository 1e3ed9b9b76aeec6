// What the ROM bootloader of each chip says of itself and where it differs: versions, commands, USB descriptors, memory.
// AN2606 (the section of each family) for ids, versions, RAM in use; AN3155 for commands; strings of the alternate
// settings and bcdDevice as public listings of `dfu-util -l` show them for the parts.

import type { Parallelism, Range } from '@firmseal/chips';

/** Where a part of an option register stands when option bytes are read and written as memory. */
export interface OptionView {
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
  readonly views: readonly OptionView[];
}

export interface AlternateSetting {
  /** The interface string, `@name/address/sectors` (UM0424). */
  readonly layout: string;
  readonly addressStart: number;
}

export interface UsbFacts {
  readonly deviceRelease: number;
  readonly manufacturer: string;
  readonly product: string;
  /** A text that every part of a revision shares, or made from the unique id. */
  readonly serial: 'unique-id' | { readonly text: string };
  readonly alternates: readonly AlternateSetting[];
  readonly transferSizeBytes: number;
}

export interface RomFacts {
  /** Version of the UART protocol, 0x31 for 3.1. */
  readonly protocolVersion: number;
  /** In the order of the Get answer. */
  readonly commands: readonly number[];
  /** The byte that names the version of the whole bootloader (AN2606 table 4). */
  readonly bootloaderId: { readonly address: number; readonly value: number };
  readonly usb: UsbFacts;
  /** RAM that the bootloader itself works in, and lets nobody write. */
  readonly reservedRam: readonly Range[];
  readonly optionWindows: readonly OptionWindow[];
  /** Lock bytes of the OTP area, which the chip does not model: all open, FF. */
  readonly otpLock?: Range;
  /** How it programs flash until the voltage byte at 0xFFFF0000 says otherwise, where there is one. */
  readonly parallelism: Parallelism;
  readonly voltageByte: boolean;
}

/** Address of the supply voltage byte: 0 1.8 V, 1 2.1 V, 2 2.4 V, 3 2.7 V and up, 4 with VPP (AN2606, F2 and F4). */
export const voltageByteAddress = 0xffff0000;

const commands = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44, 0x63, 0x73, 0x82, 0x92];

/** A whole register of 32 bits, read at one address and programmed at the next. */
function registerViews(register: number, readAddress: number): OptionView[] {
  return [
    { address: readAddress, register, shift: 0, lengthBytes: 4, writable: false },
    { address: readAddress + 4, register, shift: 0, lengthBytes: 4, writable: true },
  ];
}

const romFacts: Readonly<Record<string, RomFacts>> = {
  // AN2606 STM32F42xxx/43xxx V9.x; option bytes as memory: RM0090 table 16. The default of the voltage byte and what
  // reserved option bits read as are unverified.
  stm32f427: {
    protocolVersion: 0x31,
    commands,
    bootloaderId: { address: 0x1fff76de, value: 0x91 },
    usb: {
      deviceRelease: 0x2200,
      manufacturer: 'STMicroelectronics',
      product: 'STM32  BOOTLOADER',
      serial: 'unique-id',
      alternates: [
        {
          layout: '@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg,04*016Kg,01*064Kg,07*128Kg',
          addressStart: 0x08000000,
        },
        {
          layout: '@Option Bytes  /0x1FFFC000/01*016 e/0x1FFEC000/01*016 e',
          addressStart: 0x1fffc000,
        },
        { layout: '@OTP Memory /0x1FFF7800/01*512 e,01*016 e', addressStart: 0x1fff7800 },
        { layout: '@Device Feature/0xFFFF0000/01*004 e', addressStart: voltageByteAddress },
      ],
      transferSizeBytes: 2048,
    },
    reservedRam: [{ addressStart: 0x20000000, length: 12288 }],
    optionWindows: [
      {
        ...{ addressStart: 0x1fffc000, length: 16, filler: 0xff },
        views: [
          { address: 0x1fffc000, register: 0, shift: 0, lengthBytes: 2, writable: true },
          { address: 0x1fffc008, register: 0, shift: 16, lengthBytes: 2, writable: true },
        ],
      },
      {
        ...{ addressStart: 0x1ffec000, length: 16, filler: 0xff },
        views: [{ address: 0x1ffec008, register: 1, shift: 16, lengthBytes: 2, writable: true }],
      },
    ],
    otpLock: { addressStart: 0x1fff7a00, length: 16 },
    parallelism: 'x32',
    voltageByte: true,
  },
  // AN2606 STM32H74xxx/75xxx V9.x; the alternates show the option registers themselves (RM0433 4.9). The serial number
  // is DBGMCU_IDC and no more: every part of revision V has the same. Transfer size unverified for this part: 1024 is
  // what parts of the same generation of ROM return.
  stm32h743: {
    protocolVersion: 0x31,
    commands,
    bootloaderId: { address: 0x1ff1e7fe, value: 0x90 },
    usb: {
      deviceRelease: 0x0200,
      manufacturer: 'STMicroelectronics',
      product: 'DFU in FS Mode',
      serial: { text: '200364500000' },
      alternates: [
        { layout: '@Internal Flash   /0x08000000/16*128Kg', addressStart: 0x08000000 },
        { layout: '@Option Bytes   /0x5200201C/01*128 e', addressStart: 0x5200201c },
      ],
      transferSizeBytes: 1024,
    },
    reservedRam: [
      { addressStart: 0x20000000, length: 16384 },
      { addressStart: 0x24000000, length: 212992 },
    ],
    optionWindows: [
      {
        ...{ addressStart: 0x5200201c, length: 128, filler: 0x00 },
        views: [
          ...registerViews(0, 0x5200201c),
          ...registerViews(1, 0x52002028),
          ...registerViews(3, 0x52002030),
          ...registerViews(5, 0x52002038),
          ...registerViews(7, 0x52002040),
        ],
      },
      {
        ...{ addressStart: 0x52002128, length: 24, filler: 0x00 },
        views: [
          ...registerViews(2, 0x52002128),
          ...registerViews(4, 0x52002130),
          ...registerViews(6, 0x52002138),
        ],
      },
    ],
    parallelism: 'x64',
    voltageByte: false,
  },
};

/** Undefined for a chip whose bootloader is not modelled. */
export function romFactsOf(chipId: string): RomFacts | undefined {
  return romFacts[chipId];
}
