// From one boot address to another by steps of one bit. A power cut in the write of option bytes may leave
// any mixture of old and new bits; where one bit changes, both outcomes are places that were prepared.

import { type Chip, eraseUnitAt } from '@firmseal/chips';

const highestBit = 31;

/** The address that a value of the boot field names. */
export const bootAddressOf = (chip: Chip, value: number): number =>
  value * 2 ** chip.boot.addressFields!.shift;

/**
 * Values of the field between `from` and the anchor's, each one bit away from the previous one; undefined
 * where there is no such path. `isFree`: whether a reset may start at that address on the way.
 */
export function bootPath(
  chip: Chip,
  from: number,
  isFree: (address: number) => boolean,
): number[] | undefined {
  const { anchorValue } = chip.boot.addressFields!;
  const before = new Map<number, number | undefined>([[from, undefined]]);
  let edge = [from];
  while (edge.length > 0 && !before.has(anchorValue)) {
    const next: number[] = [];
    for (const value of edge)
      for (let bit = 0; bit <= highestBit; bit++) {
        const other = (value ^ (1 << bit)) >>> 0;
        if (before.has(other)) continue;
        const address = bootAddressOf(chip, other);
        if (other !== anchorValue && (eraseUnitAt(chip, address) === undefined || !isFree(address))) continue;
        before.set(other, value);
        next.push(other);
      }
    edge = next;
  }
  if (!before.has(anchorValue)) return undefined;
  const path: number[] = [];
  for (let at = before.get(anchorValue); at !== undefined && at !== from; at = before.get(at))
    path.unshift(at);
  return path;
}
