// What a chip will start is a vector table, or nothing is sealed: an install cannot be taken back on a chip
// whose agent then has nothing to start. The rules are the catalogue's (@firmseal/chips).

import {
  type Chip,
  findVectorTables,
  hexAddress,
  type VectorTableFault,
  vectorTableFault,
} from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { nameContent, type Segment } from '@firmseal/image';

function reasonOf(fault: Exclude<VectorTableFault, { kind: 'misaligned' }>): string {
  switch (fault.kind) {
    case 'not-in-image':
      return 'the image has no bytes there';
    case 'stack-pointer-not-in-ram':
      return `the first word, ${hexAddress(fault.value)}, is a stack pointer outside of its RAM`;
    case 'reset-vector-even':
      return `the second word, ${hexAddress(fault.value)}, is an even reset vector, and code is Thumb code`;
    case 'reset-vector-not-in-image':
      return `the second word, ${hexAddress(fault.value)}, is a reset vector outside of the image`;
  }
}

function hintFor(chip: Chip, segments: readonly Segment[]): string {
  const [found] = findVectorTables(chip, segments);
  return found === undefined
    ? `Check that this is firmware for a ${chip.id} and linked for this address; where a header stands before ` +
        'the vector table, name the address of the table with --entry.'
    : `A vector table stands at ${hexAddress(found)}: if what stands before it is a header, add --entry ${hexAddress(found)}.`;
}

/** The bytes at `entry`, named where they are known: an HTML page, erased flash, a header. */
function contentAt(segments: readonly Segment[], entry: number): string {
  const part = segments.find(({ address, bytes }) => entry >= address && entry < address + bytes.length);
  const name = part && nameContent(part.bytes.subarray(entry - part.address));
  return name === undefined ? '' : `; what stands there is ${name}`;
}

/**
 * Demands that a vector table stands at `entry`, a link address. Throws `entry-not-vector-table`,
 * `entry-misaligned`.
 */
export function requireVectorTable(chip: Chip, segments: readonly Segment[], entry: number): void {
  const fault = vectorTableFault(chip, segments, entry);
  if (fault === undefined) return;
  const place = { chip: chip.id, entry: hexAddress(entry) };
  if (fault.kind === 'misaligned')
    throw new Fault('entry-misaligned', { ...place, alignmentBytes: fault.alignmentBytes });
  const reason = reasonOf(fault) + contentAt(segments, entry);
  throw new Fault('entry-not-vector-table', { ...place, reason, hint: hintFor(chip, segments) });
}
