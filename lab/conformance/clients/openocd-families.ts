// How OpenOCD 0.12 is told of each chip of the catalogue, for tests: target file, flash driver,
// and one option field that it reads and writes with the driver's own commands. The brown-out
// level: nothing else depends on it.

export interface OpenocdFamily {
  /** A file of OpenOCD's target folder. */
  readonly target: string;
  /** Tcl before the target file. */
  readonly before: string;
  /** The flash driver, and the prefix of its commands. */
  readonly driver: string;
  /** Lines that OpenOCD prints of the chip, whatever the probe. */
  readonly identity: readonly RegExp[];
  readonly sizeKiB: RegExp;
  /** Reads the option register with the brown-out level. */
  readonly readOption: string;
  readonly writeOption: string;
  readonly option: { readonly field: string; readonly before: number; readonly after: number };
  /** Brings option bytes into force; a reset does on the others. */
  readonly load?: string;
  /** Manual and section that say who may do what at which readout level. */
  readonly manual: string;
}

const f4 = {
  ...({ target: 'stm32f4x.cfg', before: '', driver: 'stm32f2x' } as const),
  ...({ readOption: 'stm32f2x options_read 0', manual: 'RM0090 3.7.3' } as const),
  writeOption: 'stm32f2x options_write 0 0x0e4', // BOR_LEV 1, the other user bits as they are
  option: { field: 'BOR_LEV', before: 3, after: 1 },
};

const l4x = (target: string, offset: string) => ({
  ...({ target, before: '', driver: 'stm32l4x' } as const),
  ...{ load: 'stm32l4x option_load 0', readOption: `stm32l4x option_read 0 ${offset}` },
});

export const openocdFamilies: Readonly<Record<string, OpenocdFamily>> = {
  stm32f427: {
    ...f4,
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x20016419/],
    sizeKiB: /Dual Bank 2048 kiB STM32F42x/,
  },
  stm32f405: {
    ...f4,
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x10076413/],
    sizeKiB: /flash size = 1024 KiB/,
  },
  stm32f427xg: {
    ...f4,
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x20016419/],
    sizeKiB: /Single Bank 1024 kiB STM32F42x/,
  },
  stm32f446: {
    ...{ ...f4, manual: 'RM0390 3.6.3' },
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x10006421/],
    sizeKiB: /flash size = 512 KiB/,
  },
  stm32f411: {
    ...{ ...f4, manual: 'RM0383 3.6.3' },
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /device id = 0x10006431/],
    sizeKiB: /flash size = 512 KiB/,
  },
  stm32h743: {
    ...{ target: 'stm32h7x.cfg', before: 'set DUAL_BANK 1', driver: 'stm32h7x' },
    ...{ readOption: 'stm32h7x option_read 0 0x1c', manual: 'RM0433 4.5.3' },
    identity: [/SWD DPIDR 0x6ba02477/, /Cortex-M7 r1p1 processor detected/, /Device: STM32H74x\/75x/],
    sizeKiB: /flash size probed value 2048k/,
    writeOption: 'stm32h7x option_write 0 0x20 0x00000008 0x0000000c',
    option: { field: 'BOR_LEV', before: 0, after: 2 },
  },
  stm32g0b1: {
    ...l4x('stm32g0x.cfg', '0x20'),
    identity: [/SWD DPIDR 0x0bc11477/, /Cortex-M0\+ r0p1 processor detected/, /STM32G0B\/G0Cx - Rev '?A'?/],
    sizeKiB: /flash size = 512 KiB/,
    writeOption: 'stm32l4x option_write 0 0x20 0x00000800 0x00001800',
    option: { field: 'BORF_LEV', before: 3, after: 1 },
    manual: 'RM0444 3.5.2',
  },
  stm32l476: {
    ...l4x('stm32l4x.cfg', '0x20'),
    identity: [/SWD DPIDR 0x2ba01477/, /Cortex-M4 r0p1 processor detected/, /STM32L47\/L48xx - Rev '?4'?/],
    sizeKiB: /flash size = 1024 KiB/,
    writeOption: 'stm32l4x option_write 0 0x20 0x00000200 0x00000700',
    option: { field: 'BOR_LEV', before: 0, after: 2 },
    manual: 'RM0351 3.5.1',
  },
  stm32u575: {
    ...l4x('stm32u5x.cfg', '0x40'),
    identity: [/SWD DPIDR 0x0be12477/, /Cortex-M33 r0p4 processor detected/, /STM32U57\/U58xx - Rev '?B'?/],
    sizeKiB: /flash size = 2048 KiB/,
    writeOption: 'stm32l4x option_write 0 0x40 0x00000200 0x00000700',
    option: { field: 'BOR_LEV', before: 0, after: 2 },
    manual: 'RM0456 7.6.2',
  },
};
