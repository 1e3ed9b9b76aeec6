// Where an image goes: the application slot in whose link range all of it lies, and the
// addresses at which its segments are stored. Slots are tried in the catalogue's order, which
// settles images that two could hold.

import { Fault } from '@firmseal/fault';
import type { ApplicationSlot, Chip } from './chip.ts';
import { hexAddress } from './erase-units.ts';
import { type MemoryKind, memoryAt } from './memory-map.ts';
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

const advice: Partial<Record<MemoryKind, string>> = {
  'option-bytes': 'Ask for option bytes with `firmseal seal --option`, not in the image.',
  otp: 'firmseal does not write OTP.',
  'external-memory': 'firmseal writes the flash inside the chip; external memory is for the application.',
  ram: 'Give what starts in RAM a load address in flash (AT> in the linker script).',
  alias: 'Link for the first address of the flash.',
};
const otherAdvice = 'Correct the addresses in the linker script.';
const mostPieces = 4;

/** Refuses pieces that lie in no flash, one by one with what lies there. Throws `image-piece-outside`. */
function refuseOutside(chip: Chip, ranges: readonly Range[]): void {
  const outside = ranges
    .map((range) => ({ ...range, ...memoryAt(chip, range.addressStart) }))
    .filter(({ kind }) => kind !== 'flash' && kind !== 'beyond-flash');
  if (outside.length === 0) return;
  const named = outside.map(
    ({ addressStart, length, name }) => `${hexAddress(addressStart)} (${length} bytes): ${name}`,
  );
  const more = named.length > mostPieces ? [`and ${named.length - mostPieces} more`] : [];
  const remedies = new Set(outside.map(({ kind }) => advice[kind] ?? otherAdvice));
  throw new Fault('image-piece-outside', {
    chip: chip.id,
    pieces: [...named.slice(0, mostPieces), ...more].join('; '),
    advice: [...remedies].join(' '),
  });
}

/**
 * The slot for an image of these segments (link addresses, bytes; empty ones are ignored). Throws
 * `image-piece-outside`, `image-does-not-fit`, naming the ranges that are free, and `image-has-no-segment`.
 */
export function placeImage(
  chip: Chip,
  segments: readonly { readonly address: number; readonly length: number }[],
): Placement {
  const ranges = segments
    .filter(({ length }) => length > 0)
    .map(({ address, length }) => ({ addressStart: address, length }));
  if (ranges.length === 0) throw new Fault('image-has-no-segment', { chip: chip.id });
  refuseOutside(chip, ranges);
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
