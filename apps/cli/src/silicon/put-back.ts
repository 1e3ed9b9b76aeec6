// What a check on silicon leaves as it was: flash and option bytes, kept before and put back after.

import type { Bytes } from '@firmseal/bytes';
import { type Chip, type OptionValues, withoutWriteProtection } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { systemClock } from '@firmseal/link';
import type { ChipProgrammer } from '@firmseal/programming';
import { openProgrammer } from '../programmer-place.ts';

/** What the chip had, to be put back. */
export interface Kept {
  readonly options: OptionValues;
  /** Of all erase units; undefined where a word could not be read. */
  readonly flash: Bytes | undefined;
}

export async function keep(programmer: ChipProgrammer): Promise<Kept> {
  const { addressStart, sizeBytes } = programmer.chip.flash;
  const flash = await programmer.read(addressStart, sizeBytes).catch(() => undefined);
  return { options: await programmer.readOptions(), flash };
}

/** How long somebody has for the reset button. */
const patienceMs = 120_000;

/** The way once more: into a ROM bootloader only a reset leads, with BOOT0 still high. */
export async function openAgain(via: string, chip: Chip, onReset: () => void): Promise<ChipProgrammer> {
  const endMs = systemClock.nowMs() + patienceMs;
  for (let asked = false; ; asked = true) {
    try {
      return await openProgrammer(via, chip);
    } catch (error) {
      if (!(error instanceof Fault) || systemClock.nowMs() >= endMs) throw error;
      if (!asked) onReset();
    }
  }
}

/**
 * Flash and option bytes as they were. `onReset` is called when the chip must be reset by
 * hand. Throws the faults of the way.
 */
export async function putBack(
  { via, chip, onReset }: { via: string; chip: Chip; onReset: () => void },
  { options, flash }: Kept,
): Promise<void> {
  const programmer = await openAgain(via, chip, onReset);
  try {
    const open = withoutWriteProtection(chip, await programmer.readOptions());
    if (open.size > 0) await programmer.writeOptions(open);
    await programmer.eraseAll();
    for (const { addressStart, sizeBytes } of flash === undefined ? [] : chip.flash.eraseUnits) {
      const offset = addressStart - chip.flash.addressStart;
      const bytes = flash!.subarray(offset, offset + sizeBytes);
      if (bytes.some((byte) => byte !== 0xff)) await programmer.write(addressStart, bytes);
    }
    const now = await programmer.readOptions();
    const changed = new Map([...options].filter(([register, value]) => now.get(register) !== value));
    if (changed.size > 0) await programmer.writeOptions(changed);
  } finally {
    await programmer.close().catch(() => undefined);
  }
}
