// Option bytes as a bootloader's client sees them: where they stand as memory, and what change of their bytes lowers or
// raises the brown-out level, which nothing else depends on. RM0090 table 16, RM0351 and RM0444 3.4.1, RM0433 4.9, RM0456 7.9.

import type { VirtualChip } from '@firmseal/virtual-stm32';

interface OptionPatch {
  readonly address: number;
  readonly length: number;
  /** Bits to turn, by offset. */
  readonly turn: Readonly<Record<number, number>>;
  /** Alternate setting of the DfuSe bootloader. */
  readonly alternate: number;
}

export const optionPatches: Readonly<Record<string, OptionPatch>> = {
  stm32f427: { address: 0x1fffc000, length: 16, turn: { 0: 0x08 }, alternate: 1 },
  stm32f405: { address: 0x1fffc000, length: 16, turn: { 0: 0x08 }, alternate: 1 },
  stm32h743: { address: 0x52002020, length: 4, turn: { 0: 0x08 }, alternate: 1 },
  stm32g0b1: { address: 0x1fff7800, length: 8, turn: { 1: 0x10, 5: 0x10 }, alternate: 1 },
  stm32l476: { address: 0x1fff7800, length: 8, turn: { 1: 0x02, 5: 0x02 }, alternate: 1 },
  stm32u575: { address: 0x40022040, length: 4, turn: { 1: 0x02 }, alternate: 1 },
};

export function applyPatch(bytes: Uint8Array, { turn }: OptionPatch): Uint8Array {
  return bytes.map((byte, offset) => byte ^ (turn[offset] ?? 0));
}

/** The stored option bytes, to compare before and after. */
export const storedOptions = (chip: VirtualChip): string => JSON.stringify([...chip.judge.optionsStored]);
