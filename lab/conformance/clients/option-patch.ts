// Option bytes as a bootloader's client sees them: where they stand as memory, what change of their bytes
// lowers or raises the brown-out level, which nothing else depends on, and what change raises the readout
// level from 0 to 1. RM0090 table 16, RM0351 and RM0444 3.4.1, RM0433 4.9, RM0456 7.9.

import type { VirtualChip } from '@firmseal/virtual-stm32';

/** Bits by the offset of their byte. */
type Turn = Readonly<Record<number, number>>;

interface OptionPatch {
  readonly address: number;
  readonly length: number;
  /** Bits to turn, by offset: of the brown-out level, with those of its complement. */
  readonly turn: Turn;
  /** The same of the readout level: 0xAA becomes 0xBB. */
  readonly protect: Turn;
  /** Alternate setting of the DfuSe bootloader. */
  readonly alternate: number;
}

const f4: OptionPatch = {
  ...{ address: 0x1fffc000, length: 16, alternate: 1 },
  ...{ turn: { 0: 0x08 }, protect: { 1: 0x11 } },
};

export const optionPatches: Readonly<Record<string, OptionPatch>> = {
  stm32f427: f4,
  stm32f405: f4,
  stm32f427xg: f4,
  stm32f446: f4,
  stm32f411: f4,
  stm32h743: {
    ...{ address: 0x52002020, length: 4, alternate: 1 },
    ...{ turn: { 0: 0x08 }, protect: { 1: 0x11 } },
  },
  stm32g0b1: {
    ...{ address: 0x1fff7800, length: 8, alternate: 1 },
    ...{ turn: { 1: 0x10, 5: 0x10 }, protect: { 0: 0x11, 4: 0x11 } },
  },
  stm32l476: {
    ...{ address: 0x1fff7800, length: 8, alternate: 1 },
    ...{ turn: { 1: 0x02, 5: 0x02 }, protect: { 0: 0x11, 4: 0x11 } },
  },
  stm32u575: {
    ...{ address: 0x40022040, length: 4, alternate: 1 },
    ...{ turn: { 1: 0x02 }, protect: { 0: 0x11 } },
  },
};

export function applyPatch(bytes: Uint8Array, turn: Turn): Uint8Array {
  return bytes.map((byte, offset) => byte ^ (turn[offset] ?? 0));
}

/** The option bytes in force, to compare before and after. */
export const optionsInForce = (chip: VirtualChip): string => JSON.stringify([...chip.judge.optionsLoaded]);
