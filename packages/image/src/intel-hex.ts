// Intel HEX, after Intel's "Hexadecimal Object File Format Specification", revision A, 1988: record
// types 00 to 05. Its addresses live in separate records (02, 04), so a lost line moves all that
// follows, usually back to where data stood already. Records that go back are therefore refused,
// although the specification allows any order; one that only repeats what stands there is let through.

import { Fault } from '@firmseal/fault';
import type { FirmwareImage } from './firmware-image.ts';
import { decodeDigits, type RecordLine, recordLines, sumOf } from './record-lines.ts';
import { SegmentCollector, showAddress } from './segment.ts';

const format = 'Intel HEX';
const colon = 0x3a;
const overheadBytes = 5; // length, address (2), type, checksum
const recordSizeMaxBytes = 255 + overheadBytes;

/** Bytes of content that a type must have; type 00 may have any number. */
const contentSizeBytes = [undefined, 0, 2, 4, 2, 4] as const;

interface HexRecord {
  readonly type: number;
  readonly offset: number;
  readonly content: Uint8Array;
}

/**
 * record = ':' length(1) offset(2, big-endian) type(1) content(length) checksum(1);
 * all bytes sum to 0 modulo 256.
 */
export function decodeHexRecord(file: Uint8Array, line: RecordLine): HexRecord {
  const refuse = (detail: string) =>
    new Fault('image-record-malformed', { line: line.number, format, detail });
  if (file[line.start] !== colon) throw refuse('it does not begin with a colon');
  const record = decodeDigits(file, line, {
    start: line.start + 1,
    sizeMaxBytes: recordSizeMaxBytes,
    format,
  });
  if (record.length < overheadBytes || record.length !== record[0]! + overheadBytes)
    throw refuse('its length differs from the length that it states');
  if (sumOf(record) !== 0) throw new Fault('image-record-checksum', { line: line.number, format });
  const type = record[3]!;
  if (type >= contentSizeBytes.length)
    throw new Fault('image-record-type-unknown', { line: line.number, format, type });
  const due = contentSizeBytes[type];
  if (due !== undefined && record[0] !== due) throw refuse(`type 0${type} has ${due} bytes of content`);
  return { type, offset: (record[1]! << 8) | record[2]!, content: record.subarray(4, -1) };
}

const u16 = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!;

/** State of one pass over a file: the base that types 02 and 04 set, and what has been collected. */
class HexReading {
  readonly collector = new SegmentCollector();
  entry: number | undefined;
  #base = 0;
  #segmented = false;

  take({ type, offset, content }: HexRecord, line: number): void {
    if (type === 0) this.#takeData(offset, content, line);
    else if (type === 2) {
      this.#base = u16(content, 0) * 16;
      this.#segmented = true;
    } else if (type === 4) {
      this.#base = u16(content, 0) * 0x10000;
      this.#segmented = false;
    } else if (type === 3 || type === 5) {
      if (this.entry !== undefined) throw new Fault('image-hex-start-repeated', { line });
      // Type 03 is CS:IP of an 8086; objcopy writes it for entries below 1 MiB.
      this.entry = u16(content, 0) * (type === 3 ? 16 : 0x10000) + u16(content, 2);
    }
  }

  #takeData(offset: number, content: Uint8Array, line: number): void {
    // Under type 02 the offset wraps within its segment; some readers wrap and some do
    // not, so neither is guessed.
    if (this.#segmented && offset + content.length > 0x10000)
      throw new Fault('image-hex-segment-wraps', { line });
    const address = this.#base + offset;
    const addressAfter = this.collector.addressEnd;
    if (content.length > 0 && address < addressAfter) {
      if (this.collector.repeats(address, content)) return;
      throw new Fault('image-hex-out-of-order', {
        line,
        address: showAddress(address),
        addressAfter: showAddress(addressAfter),
      });
    }
    this.collector.add(address, content);
  }
}

/** Reads an Intel HEX file. Throws `image-record-*`, `image-hex-*` and the collector's faults. */
export function readIntelHex(file: Uint8Array): FirmwareImage {
  const reading = new HexReading();
  let ended = false;
  for (const line of recordLines(file)) {
    if (ended) throw new Fault('image-record-after-end', { line: line.number, format });
    const record = decodeHexRecord(file, line);
    if (record.type === 1) ended = true;
    else reading.take(record, line.number);
  }
  if (!ended) throw new Fault('image-record-end-missing', { format });
  const segments = reading.collector.finish(format);
  return { format: 'hex', segments, ...(reading.entry !== undefined && { entry: reading.entry }), notes: [] };
}
