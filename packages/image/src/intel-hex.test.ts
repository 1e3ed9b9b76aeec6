import { utf8 } from '@firmseal/bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, ramp, segmentLists } from '../test/segments.ts';
import { hexLine, writeHex } from '../test/writers.ts';
import { readIntelHex } from './intel-hex.ts';

const end = ':00000001FF';
const read = (...lines: string[]) => readIntelHex(utf8(lines.join('\n')));
const fault = (...lines: string[]) => faultOf(() => read(...lines));

describe('readIntelHex', () => {
  it('reads a file that was written by hand after the specification', () => {
    const image = read(
      ':020000040800F2',
      ':100000000000022009020008090200080902000895',
      ':040000050800019955',
      end,
    );
    expect(image.entry).toBe(0x08000199);
    expect(image.segments).toEqual([
      {
        address: 0x08000000,
        bytes: Uint8Array.of(0, 0, 2, 0x20, 9, 2, 0, 8, 9, 2, 0, 8, 9, 2, 0, 8),
      },
    ]);
  });

  it('returns what was written, linear and segmented', () => {
    fc.assert(
      fc.property(
        segmentLists(),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 1, max: 255 }),
        (segments, entry, lengthBytes) => {
          const image = readIntelHex(utf8(writeHex(segments, { entry, lengthBytes })));
          expect(image).toEqual({ format: 'hex', segments, entry, notes: [] });
        },
      ),
      { seed: 1 },
    );
    fc.assert(
      fc.property(segmentLists(0x80000), (segments) => {
        const image = readIntelHex(utf8(writeHex(segments, { segmented: true })));
        expect(image).toEqual({ format: 'hex', segments, notes: [] });
      }),
      { seed: 2 },
    );
  });

  it('accepts lower case, every line end, blanks at the end of a line and blank lines', () => {
    const data = hexLine(0, 0x10, ramp(3));
    for (const lineEnd of ['\n', '\r\n', '\r', '\n\n', ' \t\r\n \n']) {
      const text = [data, hexLine(0, 0x13, ramp(2)), end, ''].join(lineEnd);
      for (const cased of [text, text.toLowerCase()])
        expect(readIntelHex(utf8(cased)).segments).toEqual([
          { address: 0x10, bytes: Uint8Array.of(1, 2, 3, 1, 2) },
        ]);
    }
  });

  it('reads CS:IP of a type 03 record as an address', () => {
    expect(
      read(hexLine(0, 0, ramp(1)), hexLine(3, 0, Uint8Array.of(0x12, 0x34, 0x00, 0x05)), end).entry,
    ).toBe(0x12345);
  });

  it('refuses each damage with its own code', () => {
    const data = hexLine(0, 0x10, ramp(4));
    expect(fault(data)).toBe('image-record-end-missing');
    expect(fault(data, end, data)).toBe('image-record-after-end');
    expect(fault(data.replace('0102', '0103'), end)).toBe('image-record-checksum');
    expect(fault(data.replace('0102', '01G2'), end)).toBe('image-record-malformed');
    expect(fault(data.slice(1), end)).toBe('image-record-malformed');
    expect(fault(`${data}0`, end)).toBe('image-record-malformed');
    expect(fault(`${data}00`, end)).toBe('image-record-malformed');
    expect(fault(':', end)).toBe('image-record-malformed');
    expect(fault(`:${'00'.repeat(300)}`, end)).toBe('image-record-malformed');
    expect(fault(hexLine(6, 0, ramp(1)), end)).toBe('image-record-type-unknown');
    expect(fault(hexLine(1, 0, ramp(1)))).toBe('image-record-malformed');
    expect(fault(hexLine(4, 0, ramp(3)), end)).toBe('image-record-malformed');
    expect(fault(data, hexLine(5, 0, ramp(4)), hexLine(3, 0, ramp(4)), end)).toBe('image-hex-start-repeated');
    expect(fault(end)).toBe('image-no-data');
  });

  it('tells a step back from an overlap', () => {
    expect(fault(hexLine(0, 0x20, ramp(4)), hexLine(0, 0x10, ramp(4)), end)).toBe('image-hex-out-of-order');
    expect(fault(hexLine(0, 0x20, ramp(4)), hexLine(0, 0x22, ramp(4)), end)).toBe('image-overlap');
    expect(fault(hexLine(0, 0x20, ramp(4)), hexLine(0, 0x1d, ramp(4)), end)).toBe('image-overlap');
  });

  it('lets a record through that repeats what stands there', () => {
    const [first, second] = [hexLine(0, 0x20, ramp(4)), hexLine(0, 0x24, ramp(4))];
    const whole = [{ address: 0x20, bytes: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4) }];
    expect(read(first, second, first, end).segments).toEqual(whole);
    expect(read(first, first, second, end).segments).toEqual(whole);
    // In part new, or with another value: no repetition.
    expect(fault(first, hexLine(0, 0x1f, Uint8Array.of(9, 1, 2)), end)).toBe('image-hex-out-of-order');
    expect(fault(first, hexLine(0, 0x21, ramp(1)), end)).toBe('image-overlap');
  });

  it('takes a Ctrl-Z at its end for what it is', () => {
    const text = [hexLine(0, 0, ramp(4)), end].join('\r\n');
    for (const tail of ['\u001a', '\r\n\u001a', '\r\n\u001a\r\n'])
      expect(readIntelHex(utf8(text + tail)).segments).toEqual([{ address: 0, bytes: ramp(4) }]);
    expect(fault(hexLine(0, 0, ramp(4)), '\u001a', end)).toBe('image-record-malformed');
  });

  it('notices a lost type 04 record by the step back that follows', () => {
    const lines = writeHex([{ address: 0xff00, bytes: new Uint8Array(0x200) }], {}).split('\r\n');
    const withoutSecondPage = lines.filter((line) => line !== ':020000040001F9');
    expect(withoutSecondPage.length).toBe(lines.length - 1);
    expect(fault(...withoutSecondPage)).toBe('image-hex-out-of-order');
  });

  it('refuses to wrap in a segment and past 2^32, and carries within linear addresses', () => {
    const upper = (type: number, value: number) => hexLine(type, 0, Uint8Array.of(value >>> 8, value));
    expect(fault(upper(2, 0x1000), hexLine(0, 0xfffe, ramp(4)), end)).toBe('image-hex-segment-wraps');
    expect(fault(upper(4, 0xffff), hexLine(0, 0xfffe, ramp(4)), end)).toBe('image-address-wraps');
    expect(read(upper(4, 1), hexLine(0, 0xfffe, ramp(4)), end).segments[0]?.address).toBe(0x1fffe);
    // A linear address ends segment mode.
    const mixed = read(upper(2, 0x1000), upper(4, 1), hexLine(0, 0xfffe, ramp(4)), end);
    expect(mixed.segments[0]?.address).toBe(0x1fffe);
  });
});
