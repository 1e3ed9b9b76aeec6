// Whether a chip could start at an address: its first two words are the stack pointer and the reset vector
// (ARMv6-M and ARMv7-M Architecture Reference Manuals, B1.5.3 and B1.5.5), and VTOR takes multiples of a
// power of two only.

import type { Chip, RamRange } from './chip.ts';

/** Bytes of an image at the address that it is linked at. */
export interface LinkedBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export type VectorTableFault =
  | { readonly kind: 'misaligned'; readonly alignmentBytes: number }
  | { readonly kind: 'not-in-image' }
  | { readonly kind: 'stack-pointer-not-in-ram'; readonly value: number }
  | { readonly kind: 'reset-vector-even'; readonly value: number }
  | { readonly kind: 'reset-vector-not-in-image'; readonly value: number };

/** Stack pointer and reset vector. */
const leastTableBytes = 8;

/** A full-descending stack may start one byte past its RAM. The clock of backup RAM is off after a reset. */
const isStackTop = ({ kind, addressStart, length }: RamRange, value: number): boolean =>
  kind === 'sram' && value > addressStart && value <= addressStart + length;

const isInImage = (image: readonly LinkedBytes[], value: number): boolean =>
  image.some(({ address, bytes }) => value >= address && value < address + bytes.length);

/**
 * Why no chip starts at `entry` of the image; undefined when the two words there are those of a vector table.
 */
export function vectorTableFault(
  chip: Chip,
  image: readonly LinkedBytes[],
  entry: number,
): VectorTableFault | undefined {
  const { alignmentBytes } = chip.vectorTable;
  const part = image.find(
    ({ address, bytes }) => entry >= address && entry + leastTableBytes <= address + bytes.length,
  );
  if (part === undefined) return { kind: 'not-in-image' };
  const { bytes, address } = part;
  const words = new DataView(bytes.buffer, bytes.byteOffset + (entry - address), leastTableBytes);
  const [stackPointer, resetVector] = [words.getUint32(0, true), words.getUint32(4, true)];
  if (stackPointer % 4 !== 0 || !chip.ram.some((range) => isStackTop(range, stackPointer)))
    return { kind: 'stack-pointer-not-in-ram', value: stackPointer };
  if (resetVector % 2 === 0) return { kind: 'reset-vector-even', value: resetVector };
  if (!isInImage(image, resetVector - 1)) return { kind: 'reset-vector-not-in-image', value: resetVector };
  // Last: at a wrong place the words are wrong too, and that says more.
  return entry % alignmentBytes === 0 ? undefined : { kind: 'misaligned', alignmentBytes };
}

const mostFound = 3;

/** Addresses of the image at which a vector table stands, lowest first, at most three. */
export function findVectorTables(chip: Chip, image: readonly LinkedBytes[]): number[] {
  const { alignmentBytes } = chip.vectorTable;
  const found: number[] = [];
  for (const { address, bytes } of image.toSorted((a, b) => a.address - b.address)) {
    const first = Math.ceil(address / alignmentBytes) * alignmentBytes;
    for (let at = first; at < address + bytes.length && found.length < mostFound; at += alignmentBytes)
      if (vectorTableFault(chip, image, at) === undefined) found.push(at);
  }
  return found;
}
