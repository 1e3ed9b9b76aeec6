// Firmware for tests: bytes that begin as a chip demands, with a stack pointer and a reset vector.

import type { Chip } from '../src/chip.ts';

/** A copy of the bytes whose first two words are those of a vector table for code linked at `address`. */
export function withVectorTable(chip: Chip, address: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  const [ram] = chip.ram;
  const words = new DataView(copy.buffer);
  words.setUint32(0, ram!.addressStart + ram!.length, true);
  words.setUint32(4, address + 9, true);
  return copy;
}
