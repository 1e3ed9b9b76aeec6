// What Intel HEX and S-record files share: lines of hexadecimal digits, one record a line. Lines may end in
// LF, CR or both, and blanks at their end are ignored, as are blank lines. Works on bytes, so that a 64 MiB
// line is never turned into a string.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';

/** A line that is not blank: number counts from 1; start to end (exclusive) without the blanks at its end. */
export interface RecordLine {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const lf = 0x0a;
const cr = 0x0d;
const ctrlZ = 0x1a;
const isBlank = (byte: number) => byte === 0x20 || byte === 0x09;
const isSpace = (byte: number) => isBlank(byte) || byte === lf || byte === cr;

/** Ctrl-Z, with which CP/M and DOS ended text files, at the very end: some tools still write it. */
function withoutEndMark(file: Uint8Array): number {
  let end = file.length;
  while (end > 0 && isSpace(file[end - 1]!)) end--;
  return file[end - 1] === ctrlZ ? end - 1 : file.length;
}

/** The lines of the file, blank ones left out. */
export function* recordLines(file: Uint8Array): Generator<RecordLine> {
  const fileEnd = withoutEndMark(file);
  let number = 1;
  let start = 0;
  while (start < fileEnd) {
    let end = start;
    while (end < fileEnd && file[end] !== lf && file[end] !== cr) end++;
    const next = end + (file[end] === cr && file[end + 1] === lf ? 2 : 1);
    while (end > start && isBlank(file[end - 1]!)) end--;
    if (end > start) yield { number, start, end };
    number++;
    start = next;
  }
}

/** The value of an ASCII hexadecimal digit of either case; -1 for any other byte. */
export function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte & ~0x20;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x41 + 10 : -1;
}

/**
 * Decodes the line's digits from `start` on. `sizeMaxBytes` is the longest record of the format.
 * Throws `image-record-malformed`.
 */
export function decodeDigits(
  file: Uint8Array,
  line: RecordLine,
  { start, sizeMaxBytes, format }: { start: number; sizeMaxBytes: number; format: string },
): Bytes {
  const refuse = (detail: string) =>
    new Fault('image-record-malformed', { line: line.number, format, detail });
  const digitCount = line.end - start;
  if (digitCount % 2 !== 0) throw refuse('it has an odd number of digits');
  if (digitCount > 2 * sizeMaxBytes) throw refuse('it is too long');
  const bytes = new Uint8Array(digitCount / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = digitOf(file[start + 2 * i]!);
    const low = digitOf(file[start + 2 * i + 1]!);
    if (high < 0 || low < 0) throw refuse('it has a character that is no hexadecimal digit');
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Sum of the bytes, modulo 256. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum = (sum + bytes[i]!) & 0xff;
  return sum;
}
