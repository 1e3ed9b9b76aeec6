// Which peripherals a family has and where: the addresses and ready bits that differ, as data. All of them
// were compared with ST's CMSIS device headers (`source` of each set), reset values with ST's SVD files.
// What is not listed is not modelled.

import type { Chip } from '@firmseal/chips';
import { f4Clock, g0Clock, h5Clock, h7Clock, l4Clock, u5Clock } from './clock-trees.ts';
import type { DmaPlace } from './dma-streams.ts';
import type { BackupRegistersPlace } from './peripheral.ts';
import type { ReadyFlagsPlace } from './ready-flags.ts';
import type { ClockFacts } from './reset-clock-control.ts';
import { f4UsbClock, h7UsbClock, type UsbPlace } from './usb-clock.ts';

export interface PeripheralSet {
  /** Where the addresses, offsets and bits stand. */
  readonly source: string;
  readonly usarts: readonly {
    readonly name: string;
    readonly addressStart: number;
    /** Clocked by APB2; otherwise by APB1. */
    readonly onApb2?: true;
  }[];
  readonly usartLayout: 'f4' | 'later';
  /** Controllers that can take what a USART receives, with the bit of their clock in AHB1ENR. */
  readonly dma?: readonly (DmaPlace & { readonly clockBit: number })[];
  readonly rng: number | undefined;
  readonly iwdg: number;
  /** First bit of WDGTB in its CFR: 7 on F4 (and only 2 bits), 11 later. */
  readonly wwdg: { readonly addressStart: number; readonly prescalerAt: number };
  readonly syscfg: number;
  /** MEMRMP of SYSCFG exchanges the banks. */
  readonly bankMode: boolean;
  readonly gpioStart: number;
  readonly gpioLetters: string;
  /** Level of the button on PC13 while it is pressed, on ST's boards of the family. */
  readonly agentPinActiveHigh: boolean;
  readonly rcc: ClockFacts;
  readonly pwr: ReadyFlagsPlace;
  /** In the block of RTC or TAMP. */
  readonly backupRegisters: BackupRegistersPlace;
  /** The OTG core that full-speed devices use; undefined where it has no model. */
  readonly usb?: UsbPlace;
  /** Behind another access port, the same DBGMCU at another address. */
  readonly secondDebugIdentity?: {
    readonly apIndex: number;
    readonly idr: number;
    readonly addressStart: number;
  };
}

const block = 0x400;

/** Where every family but H7 has them in its register of reset flags. */
const resetCauses = { pin: 1 << 26, power: 1 << 27, software: 1 << 28, watchdog: 1 << 29 };

/** Bits of RCC_CR that every family has. */
const hseReady = { register: 0x00, to: 17, from: 16 };
const pllReady = { register: 0x00, to: 25, from: 24 };

const usartsOfF4 = [
  { name: 'USART1', addressStart: 0x4001_1000, onApb2: true },
  { name: 'USART2', addressStart: 0x4000_4400 },
  { name: 'USART3', addressStart: 0x4000_4800 },
  { name: 'USART6', addressStart: 0x4001_1400, onApb2: true },
] as const;

/**
 * RM0090 10.3.3, tables "DMA1 request mapping" and "DMA2 request mapping"; RM0383 and RM0390 have the same.
 */
const dmaOfF4 = [
  {
    ...{ name: 'DMA1', addressStart: 0x4002_6000, clockBit: 21 },
    requests: [
      { usart: 'USART2', stream: 5, channel: 4 },
      { usart: 'USART3', stream: 1, channel: 4 },
    ],
  },
  {
    ...{ name: 'DMA2', addressStart: 0x4002_6400, clockBit: 22 },
    requests: [
      { usart: 'USART1', stream: 2, channel: 4 },
      { usart: 'USART1', stream: 5, channel: 4 },
      { usart: 'USART6', stream: 1, channel: 5 },
      { usart: 'USART6', stream: 2, channel: 5 },
    ],
  },
] as const;

const f4: PeripheralSet = {
  source:
    'CMSIS headers stm32f405xx.h, stm32f427xx.h: xxx_BASE, RCC_CR, RCC_CFGR, RCC_CSR, PWR_CSR, RTC_BKP0R',
  usarts: usartsOfF4,
  usartLayout: 'f4',
  dma: dmaOfF4,
  rng: 0x5006_0800,
  iwdg: 0x4000_3000,
  wwdg: { addressStart: 0x4000_2c00, prescalerAt: 7 },
  syscfg: 0x4001_3800,
  bankMode: true,
  gpioStart: 0x4002_0000,
  gpioLetters: 'ABCDEFGHIJK',
  agentPinActiveHigh: true,
  rcc: {
    ...{ name: 'RCC', addressStart: 0x4002_3800, sizeBytes: block, tree: f4Clock },
    resetValues: { 0: 0x83, 4: 0x2400_3010 },
    following: [
      { register: 0x00, to: 1, from: 0 }, // HSIRDY
      hseReady,
      pllReady,
      { register: 0x00, to: 27, from: 26 }, // PLLI2SRDY
      { register: 0x08, to: 2, from: 0, width: 2 }, // SWS
      { register: 0x70, to: 1, from: 0 }, // LSERDY
      { register: 0x74, to: 1, from: 0 }, // LSIRDY
    ],
    resetFlags: { ...resetCauses, register: 0x74, remove: 1 << 24, optionLoad: 1 << 25 },
  },
  pwr: {
    ...{ name: 'PWR', addressStart: 0x4000_7000, sizeBytes: block, resetValues: { 0: 0xc000 } },
    following: [
      { register: 0x04, to: 16, fromRegister: 0x00, from: 16 }, // ODRDY
      { register: 0x04, to: 17, fromRegister: 0x00, from: 17 }, // ODSWRDY
    ],
    always: { 4: 1 << 14 }, // VOSRDY
  },
  backupRegisters: { addressStart: 0x4000_2800, firstOffset: 0x50, count: 20, guarded: false },
  usb: {
    ...{ addressStart: 0x5000_0000, isFirst: true, fifoWords: 320 },
    ...{ gate: { register: 0x34, bit: 7 }, supplyBit: undefined, pinFunction: 10 },
    ...{ clock: f4UsbClock, crystalTimer: 0x4001_4800, recovery: undefined },
  },
};

const h7: PeripheralSet = {
  source: 'CMSIS header stm32h743xx.h: xxx_BASE, RCC_CR, RCC_CFGR, RCC_RSR, PWR_CSR1, PWR_D3CR, RTC_BKP0R',
  usarts: usartsOfF4,
  usartLayout: 'later',
  rng: 0x4802_1800,
  iwdg: 0x5800_4800,
  wwdg: { addressStart: 0x5000_3000, prescalerAt: 11 },
  syscfg: 0x5800_0400,
  bankMode: false,
  gpioStart: 0x5802_0000,
  gpioLetters: 'ABCDEFGHIJK',
  agentPinActiveHigh: true,
  rcc: {
    ...{ name: 'RCC', addressStart: 0x5802_4400, sizeBytes: block, tree: h7Clock },
    resetValues: { 0: 0x25, 40: 0x0202_0200, 44: 0x01ff_0000, 48: 0x0101_0280 },
    following: [
      { register: 0x00, to: 2, from: 0 }, // HSIRDY
      { register: 0x00, to: 8, from: 7 }, // CSIRDY
      { register: 0x00, to: 13, from: 12 }, // HSI48RDY
      hseReady,
      pllReady,
      { register: 0x00, to: 27, from: 26 }, // PLL2RDY
      { register: 0x00, to: 29, from: 28 }, // PLL3RDY
      { register: 0x10, to: 3, from: 0, width: 3 }, // SWS
      { register: 0x70, to: 1, from: 0 }, // LSERDY
      { register: 0x74, to: 1, from: 0 }, // LSIRDY
    ],
    resetFlags: {
      ...{ register: 0xd0, remove: 1 << 16, optionLoad: 0 },
      ...{ pin: 1 << 22, power: 1 << 23, software: 1 << 24, watchdog: 1 << 26 },
    },
  },
  pwr: {
    ...{
      name: 'PWR',
      addressStart: 0x5802_4800,
      sizeBytes: block,
      resetValues: { 0: 0xf000_c000, 24: 0x4000 },
    },
    following: [
      { register: 0x04, to: 14, fromRegister: 0x18, from: 14, width: 2 }, // ACTVOS
      { register: 0x0c, to: 26, from: 24 }, // USB33RDY
    ],
    always: { 4: 1 << 13, 24: 1 << 13 }, // ACTVOSRDY, VOSRDY
  },
  backupRegisters: { addressStart: 0x5800_4000, firstOffset: 0x50, count: 32, guarded: true },
  secondDebugIdentity: { apIndex: 2, idr: 0x5477_0002, addressStart: 0xe00e_1000 },
  usb: {
    ...{ addressStart: 0x4008_0000, isFirst: false, fifoWords: 1024 },
    ...{ gate: { register: 0xd8, bit: 27 }, supplyBit: 24, pinFunction: 10 },
    ...{ clock: h7UsbClock, crystalTimer: undefined },
    ...{ recovery: { addressStart: 0x4000_8400, gate: { register: 0xec, bit: 1 } } },
  },
};

const g0: PeripheralSet = {
  source: 'CMSIS header stm32g0b1xx.h: xxx_BASE, RCC_CR, RCC_CFGR, RCC_CSR, TAMP_BKP0R',
  usarts: [
    { name: 'USART1', addressStart: 0x4001_3800, onApb2: true },
    { name: 'USART2', addressStart: 0x4000_4400 },
    { name: 'USART3', addressStart: 0x4000_4800 },
  ],
  usartLayout: 'later',
  rng: undefined,
  iwdg: 0x4000_3000,
  wwdg: { addressStart: 0x4000_2c00, prescalerAt: 11 },
  syscfg: 0x4001_0000,
  bankMode: false,
  gpioStart: 0x5000_0000,
  gpioLetters: 'ABCDEF',
  agentPinActiveHigh: false,
  rcc: {
    ...{ name: 'RCC', addressStart: 0x4002_1000, sizeBytes: block, tree: g0Clock },
    resetValues: { 0: 0x500, 12: 0x1000 },
    following: [
      { register: 0x00, to: 10, from: 8 }, // HSIRDY
      hseReady,
      pllReady,
      { register: 0x08, to: 3, from: 0, width: 3 }, // SWS
      { register: 0x5c, to: 1, from: 0 }, // LSERDY
      { register: 0x60, to: 1, from: 0 }, // LSIRDY
    ],
    resetFlags: { ...resetCauses, register: 0x60, remove: 1 << 23, optionLoad: 1 << 25 },
  },
  pwr: {
    ...{ name: 'PWR', addressStart: 0x4000_7000, sizeBytes: block, resetValues: { 0: 0x208, 8: 0x8000 } },
    following: [],
  },
  backupRegisters: { addressStart: 0x4000_b000, firstOffset: 0x100, count: 5, guarded: true },
};

const l4: PeripheralSet = {
  ...g0,
  source: 'CMSIS header stm32l476xx.h: xxx_BASE, RCC_CR, RCC_CFGR, RCC_CSR, RTC_BKP0R',
  rng: 0x5006_0800,
  bankMode: true,
  gpioStart: 0x4800_0000,
  gpioLetters: 'ABCDEFGH',
  rcc: {
    ...{ name: 'RCC', addressStart: 0x4002_1000, sizeBytes: block, tree: l4Clock },
    resetValues: { 0: 0x63, 12: 0x1000 },
    following: [
      { register: 0x00, to: 1, from: 0 }, // MSIRDY
      { register: 0x00, to: 10, from: 8 }, // HSIRDY
      hseReady,
      pllReady,
      { register: 0x08, to: 2, from: 0, width: 2 }, // SWS
      { register: 0x90, to: 1, from: 0 }, // LSERDY
      { register: 0x94, to: 1, from: 0 }, // LSIRDY
    ],
    resetFlags: { ...resetCauses, register: 0x94, remove: 1 << 23, optionLoad: 1 << 25 },
  },
  pwr: {
    ...{ name: 'PWR', addressStart: 0x4000_7000, sizeBytes: block, resetValues: { 0: 0x200, 8: 0x8000 } },
    following: [],
  },
  backupRegisters: { addressStart: 0x4000_2800, firstOffset: 0x50, count: 32, guarded: true },
};

const u5: PeripheralSet = {
  ...g0,
  source: 'CMSIS header stm32u575xx.h: xxx_BASE_NS, RCC_CR, RCC_CFGR1, RCC_CSR, PWR_VOSR, TAMP_BKP0R',
  rng: 0x420c_0800,
  syscfg: 0x4600_0400,
  gpioStart: 0x4202_0000,
  gpioLetters: 'ABCDEFGHI',
  agentPinActiveHigh: true,
  rcc: {
    ...{ name: 'RCC', addressStart: 0x4602_0c00, sizeBytes: block, tree: u5Clock },
    resetValues: { 0: 0x35, 52: 0x0101_0280 },
    following: [
      { register: 0x00, to: 2, from: 0 }, // MSISRDY
      { register: 0x00, to: 10, from: 8 }, // HSIRDY
      { register: 0x00, to: 13, from: 12 }, // HSI48RDY
      hseReady,
      pllReady,
      { register: 0x1c, to: 2, from: 0, width: 2 }, // SWS
    ],
    resetFlags: { ...resetCauses, register: 0xf4, remove: 1 << 23, optionLoad: 1 << 25 },
  },
  pwr: {
    ...{ name: 'PWR', addressStart: 0x4602_0800, sizeBytes: block },
    following: [{ register: 0x0c, to: 14, from: 18 }], // BOOSTRDY
    always: { 12: 1 << 15 }, // VOSRDY
  },
  backupRegisters: { addressStart: 0x4600_7c00, firstOffset: 0x100, count: 32, guarded: true },
};

const h5: PeripheralSet = {
  ...u5,
  source:
    'CMSIS header stm32h563xx.h: xxx_BASE_NS, SBS_BASE, RCC_CR, RCC_CFGR1, RCC_RSR, PWR_VOSSR, TAMP_BKP0R',
  syscfg: 0x4400_0400,
  rcc: {
    ...{ name: 'RCC', addressStart: 0x4402_0c00, sizeBytes: block, tree: h5Clock },
    resetValues: { 0: 0x2b, 52: 0x0101_0280 },
    following: [
      { register: 0x00, to: 1, from: 0 }, // HSIRDY
      { register: 0x00, to: 9, from: 8 }, // CSIRDY
      { register: 0x00, to: 13, from: 12 }, // HSI48RDY
      hseReady,
      pllReady,
      { register: 0x00, to: 27, from: 26 }, // PLL2RDY
      { register: 0x00, to: 29, from: 28 }, // PLL3RDY
      { register: 0x1c, to: 3, from: 0, width: 2 }, // SWS
    ],
    resetFlags: { ...resetCauses, register: 0xf4, remove: 1 << 23, optionLoad: 0 },
  },
  pwr: {
    ...{ name: 'PWR', addressStart: 0x4402_0800, sizeBytes: block },
    following: [],
    always: { 20: (1 << 3) | (1 << 13) }, // VOSRDY, ACTVOSRDY
  },
  backupRegisters: { addressStart: 0x4400_7c00, firstOffset: 0x100, count: 32, guarded: true },
};

/** What a part lacks of its family, or has otherwise. */
const partsThatDiffer: Readonly<Record<string, Partial<PeripheralSet>>> = {
  stm32f446: { rng: undefined, gpioLetters: 'ABCDEFGH', agentPinActiveHigh: false },
  // Ports F and G are not there either; H stands at its place in the row.
  stm32f411: {
    ...{ rng: undefined, gpioLetters: 'ABCDEFGH', agentPinActiveHigh: false },
    usarts: usartsOfF4.filter(({ name }) => name !== 'USART3'),
  },
};

/** By the kind of the flash controller, which names the family, and by the part. */
export function peripheralSet({ id, flashController }: Chip): PeripheralSet {
  return { ...{ f4, h7, g0, l4, u5, h5 }[flashController.kind], ...partsThatDiffer[id] };
}
