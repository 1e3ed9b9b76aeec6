import { utf8 } from '@firmseal/bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf, ramp, segmentLists } from '../test/segments.ts';
import { srecLine, writeSrec } from '../test/writers.ts';
import { readSrec } from './srec.ts';

const end = 'S9030000FC';
const read = (...lines: string[]) => readSrec(utf8(lines.join('\n')));
const fault = (...lines: string[]) => faultOf(() => read(...lines));

describe('readSrec', () => {
  it("reads the example of the format's manual", () => {
    const image = read(
      'S00600004844521B',
      'S1130000285F245F2212226A000424290008237C2A',
      'S11300100002000800082629001853812341001813',
      'S113002041E900084E42234300182342000824A952',
      'S107003000144ED492',
      'S5030004F8',
      end,
    );
    expect(image.notes).toEqual(['header: HDR']);
    expect(image.entry).toBe(undefined);
    expect(image.segments.map(({ address, bytes }) => [address, bytes.length])).toEqual([[0, 0x34]]);
    expect(image.segments[0]?.bytes.slice(-4)).toEqual(Uint8Array.of(0, 0x14, 0x4e, 0xd4));
  });

  it('returns what was written, for addresses of 2, 3 and 4 bytes', () => {
    for (const addressBytes of [2, 3, 4] as const)
      fc.assert(
        fc.property(
          segmentLists(256 ** addressBytes - 4096),
          fc.integer({ min: 1, max: 256 ** addressBytes - 1 }),
          fc.integer({ min: 1, max: 254 - addressBytes }),
          (segments, entry, lengthBytes) => {
            const image = readSrec(utf8(writeSrec(segments, { entry, addressBytes, lengthBytes })));
            expect(image).toEqual({ format: 'srec', segments, entry, notes: ['header: firmseal'] });
          },
        ),
        { seed: addressBytes },
      );
  });

  it('takes records in any order', () => {
    expect(read(srecLine(3, 0x14, ramp(4)), srecLine(1, 0x10, ramp(4)), end).segments).toEqual([
      { address: 0x10, bytes: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4) },
    ]);
  });

  it('checks S5 and S6 counts', () => {
    const data = srecLine(1, 0, ramp(4));
    for (const type of [5, 6]) {
      expect(fault(data, srecLine(type, 1, new Uint8Array()), end)).toBe(undefined);
      expect(fault(data, srecLine(type, 2, new Uint8Array()), end)).toBe('image-srec-count');
    }
  });

  it('shows no control characters of a header', () => {
    const image = read(
      srecLine(0, 0, Uint8Array.of(0x41, 0x1b, 0x5b, 0xff, 0, 0x42)),
      srecLine(1, 0, ramp(1)),
      end,
    );
    expect(image.notes).toEqual(['header: A?[?']);
  });

  it('refuses each damage with its own code', () => {
    const data = srecLine(1, 0x10, ramp(4));
    expect(fault(data)).toBe('image-record-end-missing');
    expect(fault(data, end, data)).toBe('image-record-after-end');
    expect(fault(data.replace('0102', '0103'), end)).toBe('image-record-checksum');
    expect(fault(data.replace('0102', '01x2'), end)).toBe('image-record-malformed');
    expect(fault(data.slice(1), end)).toBe('image-record-malformed');
    expect(fault('S', end)).toBe('image-record-malformed');
    expect(fault('SA030000FC', end)).toBe('image-record-malformed');
    expect(fault('S1', end)).toBe('image-record-malformed');
    expect(fault('S10200FD', end)).toBe('image-record-malformed');
    expect(fault(`${data}00`, end)).toBe('image-record-malformed');
    expect(fault('S4030000FC', end)).toBe('image-record-type-unknown');
    expect(fault(data, 'S9040000' + '00FB')).toBe('image-record-malformed');
    expect(fault(data, srecLine(1, 0x13, ramp(4)), end)).toBe('image-overlap');
    expect(fault(srecLine(3, 0xfffffffe, ramp(4)), end)).toBe('image-address-wraps');
    expect(fault(end)).toBe('image-no-data');
  });
});
