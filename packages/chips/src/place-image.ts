// Where an image goes: the application slot in whose link range all of it lies, and the
// addresses at which its segments are stored. Slots are tried in the catalogue's order, which
// settles images that two could hold.

import { Fault } from '@firmseal/fault';
import type { ApplicationSlot, Chip } from './chip.ts';
import { hexAddress } from './erase-units.ts';
import type { Range } from './range.ts';

export interface PlacedSegment {
  readonly linkAddress: number;
  readonly storeAddress: number;
  readonly length: number;
}

export interface Placement {
  readonly slot: ApplicationSlot;
  /** In the order of the segments given. */
  readonly segments: readonly PlacedSegment[];
}

const holds = (slot: ApplicationSlot, { addressStart, length }: Range) =>
  addressStart >= slot.linkStart && addressStart + length <= slot.linkStart + slot.length;

/** `0x08000000..0x0819FFFF` for each slot that the chip offers to images, by link address. */
export function freeRanges(chip: Chip): string {
  return chip.layout.slots
    .map(({ linkStart, length }) => `${hexAddress(linkStart)}..${hexAddress(linkStart + length - 1)}`)
    .join(', ');
}

/** Address at which what is linked at `linkAddress` is stored in the slot. */
export function storeAddressOf(slot: ApplicationSlot, linkAddress: number): number {
  return linkAddress - slot.linkStart + slot.storeStart;
}

/**
 * The slot for an image of these segments (link addresses, bytes; empty ones are ignored).
 * Throws `image-does-not-fit`, naming the ranges that are free, and `image-has-no-segment`.
 */
export function placeImage(
  chip: Chip,
  segments: readonly { readonly address: number; readonly length: number }[],
): Placement {
  const ranges = segments
    .filter(({ length }) => length > 0)
    .map(({ address, length }) => ({ addressStart: address, length }));
  if (ranges.length === 0) throw new Fault('image-has-no-segment', { chip: chip.id });
  const slot = chip.layout.slots.find((one) => ranges.every((range) => holds(one, range)));
  if (slot === undefined) {
    const first = Math.min(...ranges.map(({ addressStart }) => addressStart));
    const last = Math.max(...ranges.map(({ addressStart, length }) => addressStart + length - 1));
    throw new Fault('image-does-not-fit', {
      chip: chip.id,
      first: hexAddress(first),
      last: hexAddress(last),
      free: freeRanges(chip),
    });
  }
  return {
    slot,
    segments: ranges.map(({ addressStart, length }) => ({
      linkAddress: addressStart,
      storeAddress: storeAddressOf(slot, addressStart),
      length,
    })),
  };
}
