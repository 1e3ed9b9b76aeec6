// How long the flash itself takes, from the data sheet's figures: the floor below which no
// programmer can get. One bank works at a time; the link, the cipher and the CPU come on top
// where they are not hidden behind it.

import type { Chip } from './chip.ts';
import { eraseUnitsOf } from './erase-units.ts';
import type { Parallelism, Timing, TimingByParallelism, TimingCase } from './flash.ts';
import type { Range } from './range.ts';

function timeAt(timings: TimingByParallelism | undefined, parallelism: Parallelism, what: string): Timing {
  const timing = timings?.[parallelism];
  if (timing === undefined) throw new RangeError(`the catalogue has no ${what} time at ${parallelism}`);
  return timing;
}

/** Time of one program operation of the mode's write unit. RangeError when the catalogue has no figure. */
export function programTiming(chip: Chip, parallelism: Parallelism): Timing {
  return timeAt(chip.timing.program, parallelism, 'program');
}

/** Row and burst are ways to program: an erase then goes at the chip's default. */
const erasing = (chip: Chip, parallelism: Parallelism) =>
  parallelism === 'row' || parallelism === 'burst' ? chip.write.parallelism : parallelism;

/** Time of erasing one unit of that size. RangeError when the catalogue has no figure. */
export function eraseTiming(chip: Chip, sizeBytes: number, parallelism: Parallelism): Timing {
  return timeAt(chip.timing.erase.get(sizeBytes), erasing(chip, parallelism), 'erase');
}

/** Time of erasing the whole flash. RangeError when the catalogue has no figure. */
export function massEraseTiming(chip: Chip, parallelism: Parallelism): Timing {
  return timeAt(chip.timing.massErase, erasing(chip, parallelism), 'mass erase');
}

/** Bytes of one program operation in that mode. RangeError when the chip has no such mode. */
export function writeUnitBytes(chip: Chip, parallelism: Parallelism): number {
  const mode = chip.write.modes.find((one) => one.parallelism === parallelism);
  if (mode === undefined) throw new RangeError(`the chip does not write at ${parallelism}`);
  return mode.unitBytes;
}

const chosen = (timing: Timing, which: TimingCase) =>
  which === 'typical' ? timing.typicalUs : timing.maximumUs;

/**
 * Least time in microseconds to erase every unit that the byte ranges touch, each once, and to program every
 * write unit that they touch. Throws `address-not-in-flash`.
 */
export function eraseProgramTimeUs(
  chip: Chip,
  ranges: readonly Range[],
  which: TimingCase,
  parallelism: Parallelism = chip.write.parallelism,
): number {
  const units = new Set(ranges.flatMap((range) => eraseUnitsOf(chip, range)));
  let timeUs = 0;
  for (const { sizeBytes } of units) timeUs += chosen(eraseTiming(chip, sizeBytes, parallelism), which);
  const unitBytes = writeUnitBytes(chip, parallelism);
  const programUs = chosen(programTiming(chip, parallelism), which);
  for (const { addressStart, length } of ranges) {
    if (length === 0) continue;
    const first = Math.floor(addressStart / unitBytes);
    const last = Math.floor((addressStart + length - 1) / unitBytes);
    timeUs += (last - first + 1) * programUs;
  }
  return timeUs;
}
