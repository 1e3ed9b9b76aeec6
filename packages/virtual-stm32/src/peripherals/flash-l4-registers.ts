// Registers of the flash controllers of L4, G0 and U5: one design at different places. Offsets, bits and
// widths are those of the CMSIS device headers stm32l476xx.h, stm32g0b1xx.h and stm32u575xx.h
// (FLASH_TypeDef, FLASH_CR, FLASH_SR, FLASH_ECCR).

import type { FlashController } from '@firmseal/chips';

export interface FlashL4Layout {
  readonly key: number;
  readonly optionKey: number;
  readonly status: number;
  /** FLASH_ACR after a reset. */
  readonly accessControl: number;
  /** The first store of a word must be at its start. */
  readonly startsAligned: boolean;
  /** Bit of FLASH_ACR that shows the empty check (G0: PROGEMPTY). */
  readonly empty?: number;
  readonly control: number;
  readonly ecc: number;
  /** A register of its own for bank 2 (G0). */
  readonly secondEcc?: number;
  /**
   * Bits of ADDR_ECC, its step in bytes (which follows from the width and the size of a
   * bank), the bit of bank 2.
   */
  readonly eccAddress: { readonly width: number; readonly stepBytes: number; readonly bankBit?: number };
  readonly pageBits: number;
  readonly bankBit: number;
  /** Bit of the control register that begins a row or burst: FSTPG or BWR. */
  readonly fast: number;
  readonly fastMode: 'row' | 'burst';
  /**
   * Rows are refused unless the bank, or the page, was the last thing to be erased; bursts ask for nothing.
   */
  readonly fastNeeds: 'erased-bank' | 'erased-page' | 'nothing';
  /** Busy bit of each bank, and one for any operation. */
  readonly busy: readonly [number, number];
  readonly alsoBusy: number;
  /** Bit that shows words waiting for the rest of theirs (WDW); 0 on a controller without that bit. */
  readonly waitsForData: number;
}

const l4: FlashL4Layout = {
  ...{ accessControl: 0x600, startsAligned: false },
  ...{ key: 0x08, optionKey: 0x0c, status: 0x10, control: 0x14, ecc: 0x18, pageBits: 8, bankBit: 11 },
  eccAddress: { width: 19, stepBytes: 1, bankBit: 19 },
  ...{ fast: 1 << 18, fastMode: 'row', fastNeeds: 'erased-bank' },
  ...{ busy: [1 << 16, 1 << 16], alsoBusy: 0, waitsForData: 0 },
};

const layouts: Partial<Record<FlashController['kind'], FlashL4Layout>> = {
  l4,
  g0: {
    ...{ ...l4, secondEcc: 0x1c, pageBits: 10, bankBit: 13, empty: 1 << 16 },
    eccAddress: { width: 15, stepBytes: 8 },
    fastNeeds: 'erased-page',
    ...{ busy: [1 << 16, 1 << 17], alsoBusy: 1 << 18 },
  },
  u5: {
    ...{
      ...l4,
      accessControl: 0,
      startsAligned: true,
      key: 0x08,
      optionKey: 0x10,
      status: 0x20,
      control: 0x28,
      ecc: 0x30,
    },
    eccAddress: { width: 20, stepBytes: 1, bankBit: 21 },
    ...{ fast: 1 << 14, fastMode: 'burst', fastNeeds: 'nothing', waitsForData: 1 << 17 },
  },
};

/** RangeError for another design. */
export function flashL4Layout(kind: FlashController['kind']): FlashL4Layout {
  const layout = layouts[kind];
  if (layout === undefined) throw new RangeError(`the flash controller of ${kind} parts is another design`);
  return layout;
}

/** FLASH_CR, FLASH_NSCR. */
export const control = {
  ...{ pg: 1, per: 2, mer1: 4, mer2: 1 << 15, start: 1 << 16, optionStart: 1 << 17 },
  ...{ eopie: 1 << 24, launch: 1 << 27, optionLock: 1 << 30, lock: 0x8000_0000 },
};

/** FLASH_SR, FLASH_NSSR: flags that are cleared by writing 1; RDERR does not exist on U5. */
export const status = {
  ...{ eop: 1, operr: 2, progerr: 8, wrperr: 16, pgaerr: 32, sizerr: 64, pgserr: 128 },
  ...{ miserr: 1 << 8, fasterr: 1 << 9, rderr: 1 << 14 },
};

/** Flags after which a store is not taken: they stand for an error of programming (RM0351 3.3.7, PGSERR). */
export const programErrors =
  status.progerr |
  status.wrperr |
  status.pgaerr |
  status.sizerr |
  status.pgserr |
  status.miserr |
  status.fasterr;

/** FLASH_ECCR: ECCD. */
export const eccDetected = 0x8000_0000;
