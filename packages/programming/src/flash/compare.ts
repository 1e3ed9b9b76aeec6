// Comparing a chip with an image, and looking for what is not erased: reading only, as far as it takes.

import { equalBytes } from '@firmseal/bytes';
import type { Range } from '@firmseal/chips';
import type { Segment } from '@firmseal/image';
import type { ChipProgrammer } from '../chip-programmer.ts';

/** Address of the first byte that differs; undefined when the chip holds the image. */
export async function firstDifference(
  programmer: ChipProgrammer,
  segments: readonly Segment[],
  onBytes: (bytes: number) => void = () => {},
): Promise<number | undefined> {
  let done = 0;
  for (const { address, bytes } of segments) {
    let differs: number | undefined;
    await programmer.read(address, bytes.length, (block, offset) => {
      const wanted = bytes.subarray(offset, offset + block.length);
      if (!equalBytes(block, wanted))
        differs = address + offset + block.findIndex((byte, i) => byte !== wanted[i]);
      onBytes(done + offset + block.length);
      return differs === undefined;
    });
    if (differs !== undefined) return differs;
    done += bytes.length;
  }
  return undefined;
}

/** Address of the first byte that is not erased; undefined when all of them are. */
export async function firstProgrammed(
  programmer: ChipProgrammer,
  ranges: readonly Range[],
  onBytes: (bytes: number) => void = () => {},
): Promise<number | undefined> {
  let done = 0;
  for (const { addressStart, length } of ranges) {
    let found: number | undefined;
    await programmer.read(addressStart, length, (block, offset) => {
      const at = block.findIndex((byte) => byte !== 0xff);
      if (at >= 0) found = addressStart + offset + at;
      onBytes(done + offset + block.length);
      return found === undefined;
    });
    if (found !== undefined) return found;
    done += length;
  }
  return undefined;
}
