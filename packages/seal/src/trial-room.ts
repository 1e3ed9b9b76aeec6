// Whether a firmware that is installed on trial leaves another of its size a place in the chip:
// spec/package.md section 3. What stands in the chip is not known on the owner's desk; the agent
// looks at that (step 8 of section 6).

import { type Chip, eraseUnitAt, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Area } from './areas.ts';
import type { ManifestCore } from './core.ts';

/** Half of what a journal has room for. */
const areasMax = 4;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** First byte of the first erase unit that the area touches, to the one behind its last. */
function unitsOf(chip: Chip, { address, lengthBytes }: Area): Span {
  const first = eraseUnitAt(chip, address);
  const last = eraseUnitAt(chip, address + lengthBytes - 1);
  if (first === undefined || last === undefined)
    throw new Fault('area-outside-application', { area: 0, chip: chip.id });
  return { start: first.addressStart, end: last.addressStart + last.sizeBytes };
}

/**
 * What the areas leave of the ranges for applications, as stored; slots that are
 * stored at one place count once.
 */
function leftFree(chip: Chip, taken: readonly Span[]): Span[] {
  let free = chip.layout.slots.map(({ storeStart, length }) => ({
    start: storeStart,
    end: storeStart + length,
  }));
  free = free.filter((one, i) => free.findIndex(({ start }) => start === one.start) === i);
  for (const { start, end } of taken)
    free = free.flatMap((one) => [
      { start: one.start, end: Math.min(one.end, start) },
      { start: Math.max(one.start, end), end: one.end },
    ]);
  return free.filter(({ start, end }) => start < end);
}

/**
 * Does nothing for another policy than trial. Throws `trial-leaves-no-room`, with the ranges that are left.
 */
export function checkTrialRoom(
  core: Pick<ManifestCore, 'interruption'>,
  areas: readonly Area[],
  chips: readonly Chip[],
): void {
  if (core.interruption !== 'trial') return;
  for (const chip of chips) {
    const taken = areas.map((area) => unitsOf(chip, area));
    const needBytes = taken.reduce((sum, { start, end }) => sum + end - start, 0);
    const free = leftFree(chip, taken);
    if (areas.length <= areasMax && free.some(({ start, end }) => end - start >= needBytes)) continue;
    const ranges = free.map(({ start, end }) => `${hexAddress(start)}..${hexAddress(end - 1)}`);
    throw new Fault('trial-leaves-no-room', {
      ...{ chip: chip.id, needBytes, free: ranges.length > 0 ? ranges.join(', ') : 'nothing' },
    });
  }
}
