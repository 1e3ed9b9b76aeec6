// Motorola S-record: types S0 to S9 without the reserved S4 (M68000 Family Programmer's Reference
// Manual, appendix C). Every data record carries its whole address, so the records may come in
// any order; overlaps are refused.

import { Fault } from '@firmseal/fault';
import type { FirmwareImage } from './firmware-image.ts';
import { decodeDigits, type RecordLine, recordLines, sumOf } from './record-lines.ts';
import { SegmentCollector } from './segment.ts';
import { printable } from './text.ts';

const format = 'S-record';
const letterS = 0x53;
const recordSizeMaxBytes = 1 + 255;

/** Bytes of address by type; S4 is reserved. In S5 and S6 the address field holds a count. */
const addressSizeBytes = [2, 2, 3, 4, undefined, 2, 3, 4, 3, 2] as const;

interface Srecord {
  readonly type: number;
  readonly address: number;
  readonly content: Uint8Array;
}

/**
 * record = 'S' type(1 digit) count(1) address(2 to 4, big-endian) content checksum(1); count covers what
 * follows it, and all bytes sum to 0xFF modulo 256.
 */
export function decodeSrecord(file: Uint8Array, line: RecordLine): Srecord {
  const refuse = (detail: string) =>
    new Fault('image-record-malformed', { line: line.number, format, detail });
  if (file[line.start] !== letterS) throw refuse('it does not begin with an S');
  const type = line.end - line.start > 1 ? file[line.start + 1]! - 0x30 : -1;
  if (type < 0 || type > 9) throw refuse('no digit follows the S');
  const record = decodeDigits(file, line, {
    start: line.start + 2,
    sizeMaxBytes: recordSizeMaxBytes,
    format,
  });
  const addressBytes = addressSizeBytes[type];
  if (addressBytes === undefined)
    throw new Fault('image-record-type-unknown', { line: line.number, format, type });
  if (record.length < 1 + addressBytes + 1 || record.length !== record[0]! + 1)
    throw refuse('its length differs from the length that it states');
  if (sumOf(record) !== 0xff) throw new Fault('image-record-checksum', { line: line.number, format });
  let address = 0;
  for (let i = 1; i <= addressBytes; i++) address = address * 256 + record[i]!;
  const content = record.subarray(1 + addressBytes, -1);
  if (type >= 5 && content.length > 0) throw refuse(`type S${type} has no content`);
  return { type, address, content };
}

/**
 * Reads an S-record file. The end record's address is the entry, 0 meaning none. Throws `image-record-*`,
 * `image-srec-count` and the collector's faults.
 */
export function readSrec(file: Uint8Array): FirmwareImage {
  const collector = new SegmentCollector();
  const notes: string[] = [];
  let dataCount = 0;
  let entry: number | undefined;
  for (const line of recordLines(file)) {
    if (entry !== undefined) throw new Fault('image-record-after-end', { line: line.number, format });
    const { type, address, content } = decodeSrecord(file, line);
    if (type === 0) {
      if (notes.length === 0 && content.length > 0) notes.push(`header: ${printable(content)}`);
    } else if (type <= 3) {
      collector.add(address, content);
      dataCount++;
    } else if (type <= 6) {
      if (address !== dataCount)
        throw new Fault('image-srec-count', { line: line.number, counted: address, found: dataCount });
    } else entry = address;
  }
  if (entry === undefined) throw new Fault('image-record-end-missing', { format });
  return { format: 'srec', segments: collector.finish(format), ...(entry !== 0 && { entry }), notes };
}
