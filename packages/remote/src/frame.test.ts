// Frames as bytes: what is read is what was written, and malformed ones are typed faults.

import { Fault } from '@firmseal/fault';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeStationFrame, type StationFrame, StationFrameReader } from './frame.ts';

const data: StationFrame = { type: 'data', channel: 5, number: 7, payload: new Uint8Array(300).fill(9) };

test('a frame as it lies on the wire', () => {
  const frame = encodeStationFrame({ ...data, payload: Uint8Array.of(1, 2, 3) });
  expect([...frame]).toEqual([0x12, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 7, 1, 2, 3]);
});

test('frames are read back, however they are cut', () => {
  const bytes = Uint8Array.from([...encodeStationFrame(data), ...encodeStationFrame(data)]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 5 }), (cuts) => {
      const ends = [...cuts, bytes.length].sort((a, b) => a - b);
      const reader = new StationFrameReader();
      const read: StationFrame[] = [];
      let at = 0;
      for (const end of ends) {
        reader.push(bytes.subarray(at, end), (frame) => read.push(frame));
        at = end;
      }
      expect(read).toEqual([data, data]);
      expect(reader.rest).toHaveLength(0);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['a type that there is not', [0x30, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['a byte that has to be zero', [0x12, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['more data than 16,384 bytes', [0x12, 0, 0x40, 1, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['a sign of life with a payload', [0x05, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['a join of 2,049 bytes', [0x01, 0, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['data of no channel', [0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['a join with a channel', [0x01, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['a join with a number', [0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
])('%s is refused by the head alone', (_, head) => {
  const push = () => new StationFrameReader().push(Uint8Array.from(head), () => undefined);
  expect(push).toThrow(expect.objectContaining({ code: 'station-frame-malformed' }));
});

test('no bytes crash the reader', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
      const reader = new StationFrameReader();
      try {
        for (const piece of pieces) reader.push(piece, () => undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }),
  );
});
