// An image cut to the erase units of a chip: for each unit the bytes that it gets, and which of them the
// image says. Writes are widened to whole write units; what the image does not say is erased flash there.

import type { Bytes } from '@firmseal/bytes';
import { type Chip, type EraseUnit, eraseUnitsOf } from '@firmseal/chips';
import type { Segment } from '@firmseal/image';

/** Offsets from the start of a unit; `end` is not part of it. */
export interface UnitRange {
  readonly start: number;
  readonly end: number;
}

export interface UnitImage {
  readonly unit: EraseUnit;
  /** As long as the unit; 0xFF where the image says nothing. */
  readonly content: Bytes;
  /** Ranges of the unit that the image says, ascending and apart from each other. */
  readonly ranges: readonly UnitRange[];
}

/** Ascending by address. Throws `address-not-in-flash`. */
export function unitImages(chip: Chip, segments: readonly Segment[]): UnitImage[] {
  const images = new Map<number, { unit: EraseUnit; content: Bytes; ranges: UnitRange[] }>();
  for (const { address, bytes } of segments)
    for (const unit of eraseUnitsOf(chip, { addressStart: address, length: bytes.length })) {
      const start = Math.max(0, address - unit.addressStart);
      const end = Math.min(unit.sizeBytes, address + bytes.length - unit.addressStart);
      const image = images.get(unit.index) ?? {
        unit,
        content: new Uint8Array(unit.sizeBytes).fill(0xff),
        ranges: [],
      };
      image.content.set(
        bytes.subarray(unit.addressStart + start - address, unit.addressStart + end - address),
        start,
      );
      image.ranges.push({ start, end });
      images.set(unit.index, image);
    }
  return [...images.values()].sort((a, b) => a.unit.index - b.unit.index);
}

/** The ranges widened to whole write units; those that meet are joined. */
export function wholeWriteUnits({ write: { unitBytes } }: Chip, ranges: readonly UnitRange[]): UnitRange[] {
  const wide: { start: number; end: number }[] = [];
  for (const range of ranges) {
    const start = range.start - (range.start % unitBytes);
    const end = Math.ceil(range.end / unitBytes) * unitBytes;
    const last = wide.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else wide.push({ start, end });
  }
  return wide;
}

/** So many erased bytes in a row are not programmed: they read as erased whether programmed or not. */
const leastGapBytes = 256;

/** What to program: whole write units of the ranges, without long runs of erased bytes. */
export function writesOf(chip: Chip, { unit, content, ranges }: UnitImage): Segment[] {
  const { unitBytes } = chip.write;
  return wholeWriteUnits(chip, ranges).flatMap((range) => {
    const runs: { start: number; end: number }[] = [];
    for (let at = range.start; at < range.end; at += unitBytes) {
      if (content.subarray(at, at + unitBytes).every((byte) => byte === 0xff)) continue;
      const last = runs.at(-1);
      if (last !== undefined && at - last.end < leastGapBytes) last.end = at + unitBytes;
      else runs.push({ start: at, end: at + unitBytes });
    }
    return runs.map(({ start, end }) => ({
      address: unit.addressStart + start,
      bytes: content.slice(start, end),
    }));
  });
}
