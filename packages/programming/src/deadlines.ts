// How long operations of the flash may take, from the catalogue's figures: the longest time at the
// slowest way to work (a ROM bootloader of F4 programs by bytes), half as much again, and a second for
// the line.

import type { Chip, EraseUnit, TimingByParallelism } from '@firmseal/chips';

const lineMs = 1000;

const longestMs = (timings: TimingByParallelism): number =>
  Math.max(...Object.values(timings).map(({ maximumUs }) => maximumUs)) / 1000;

const withReserve = (timeMs: number): number => Math.ceil(1.5 * timeMs) + lineMs;

export function eraseTimeoutMs(chip: Chip, units: readonly Pick<EraseUnit, 'sizeBytes'>[]): number {
  const longest = units.map(({ sizeBytes }) => longestMs(chip.timing.erase.get(sizeBytes) ?? {}));
  return withReserve(longest.reduce((sum, timeMs) => sum + timeMs, 0));
}

export function massEraseTimeoutMs(chip: Chip): number {
  return withReserve(longestMs(chip.timing.massErase));
}

/** For so many bytes, each mode by its own unit: bytes of one unit take as long as the unit. */
export function programTimeoutMs(chip: Chip, lengthBytes: number): number {
  const times = chip.write.modes.map(({ parallelism, unitBytes }) => {
    const timing = chip.timing.program[parallelism];
    return timing === undefined ? 0 : (Math.ceil(lengthBytes / unitBytes) * timing.maximumUs) / 1000;
  });
  return withReserve(Math.max(...times));
}

export function optionTimeoutMs(chip: Chip): number {
  return withReserve(chip.timing.optionProgram.maximumUs / 1000);
}

/** A fall of the readout level erases the flash first. */
export function unprotectTimeoutMs(chip: Chip): number {
  return massEraseTimeoutMs(chip) + optionTimeoutMs(chip);
}
