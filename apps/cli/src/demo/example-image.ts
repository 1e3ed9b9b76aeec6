// Example firmware for a kind of chip, where the tree has no ready file: a vector table at the start of the
// first slot, a program of one instruction that branches to itself, and bytes that look like firmware to a
// compressor. The demo installs and attacks it; it never claims that the program does anything.

import { createHash } from 'node:crypto';
import type { Chip } from '@firmseal/chips';
import type { FirmwareImage } from '@firmseal/image';

/** Bytes of the whole image; the committed example for the F427 has about as many. */
const demoBytes = 96 * 1024;
/**
 * Entries of the vector table: 16 of the core and 240 interrupts, more than any chip of the catalogue has.
 */
const vectorCount = 256;
/** `b .` in Thumb code, little-endian. */
const branchToItself = 0xe7fe;

/** The same bytes for the same label: SHA-256 in counter mode. */
function patternOf(label: string, lengthBytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < lengthBytes; i++)
    blocks.push(createHash('sha256').update(`${label} ${i}`).digest());
  return Buffer.concat(blocks).subarray(0, lengthBytes);
}

/** `label`: another one is another program. */
export function exampleImage(
  chip: Chip,
  { sizeBytes = demoBytes, label = 'example firmware' } = {},
): FirmwareImage {
  const { linkStart } = chip.layout.slots[0]!;
  const ram = chip.ram.find(({ kind }) => kind === 'sram')!;
  const codeOffset = 4 * vectorCount;
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(patternOf(`${label} for ${chip.id}`, sizeBytes));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ram.addressStart + ram.length, true);
  for (let entry = 1; entry < vectorCount; entry++)
    view.setUint32(4 * entry, (linkStart + codeOffset) | 1, true);
  view.setUint16(codeOffset, branchToItself, true);
  return { format: 'bin', segments: [{ address: linkStart, bytes }], notes: [] };
}
