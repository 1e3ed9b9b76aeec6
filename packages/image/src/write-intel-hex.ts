// Writes Intel HEX, for programs that take a file: record types 00, 01 and 04, upper-case digits, 32 bytes
// a line. Format: intel-hex.ts, which reads it.

import type { Segment } from './segment.ts';

const lineBytes = 32;
const pageBytes = 0x10000;

/** `:length offset type content checksum`, where the checksum makes the sum of all bytes 0 modulo 256. */
function record(offset: number, type: number, content: Uint8Array): string {
  const bytes = [content.length, offset >>> 8, offset & 0xff, type, ...content];
  const checksum = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  const digits = [...bytes, checksum].map((byte) => byte.toString(16).padStart(2, '0'));
  return `:${digits.join('').toUpperCase()}\n`;
}

/** The segments as lines; they are sorted by address and do not overlap. The last line is the end record. */
export function* intelHexLines(segments: readonly Segment[]): Generator<string> {
  let page = -1;
  for (const { address, bytes } of segments) {
    for (let at = 0; at < bytes.length; ) {
      const here = address + at;
      const nextPage = Math.floor(here / pageBytes);
      if (nextPage !== page) {
        page = nextPage;
        yield record(0, 4, Uint8Array.of(page >>> 8, page & 0xff));
      }
      const offset = here % pageBytes;
      const length = Math.min(lineBytes, bytes.length - at, pageBytes - offset);
      yield record(offset, 0, bytes.subarray(at, at + length));
      at += length;
    }
  }
  yield record(0, 1, new Uint8Array(0));
}
