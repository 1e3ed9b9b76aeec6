import { fromHex } from '@firmseal/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cobsLongestBytes } from './cobs.ts';
import { decodeFrame, encodeFrame, type Frame, frameContentBytes } from './frame.ts';
import { FrameReader } from './frame-reader.ts';

const frames = fc.record({
  type: fc.nat(255),
  sequence: fc.nat(255),
  body: fc.uint8Array({ maxLength: 700 }),
});

const collect = (reader: FrameReader, ...chunks: Uint8Array[]): Frame[] => {
  const taken: Frame[] = [];
  for (const chunk of chunks) reader.push(chunk, (frame) => taken.push(frame));
  return taken;
};

test('an info request has the bytes that the specification gives it', () => {
  // type 01, sequence 00, CRC-32 of 01 00 = 58c223be little-endian (zlib.crc32), in COBS, then zero
  expect(encodeFrame({ type: 1, sequence: 0, body: new Uint8Array(0) })).toEqual(fromHex('020105be23c25800'));
});

test('frames come back from a stream, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (sent, cut) => {
      const line = Uint8Array.from(sent.flatMap((frame) => [...encodeFrame(frame)]));
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < line.length; at += cut) chunks.push(line.subarray(at, at + cut));
      const reader = new FrameReader();
      expect(collect(reader, ...chunks)).toEqual(sent);
      expect(reader.dropped).toBe(0);
    }),
    { seed: 3 },
  );
});

test('one bit turned over anywhere loses that frame and no other', () => {
  const first = encodeFrame({ type: 0x22, sequence: 7, body: Uint8Array.of(0, 1, 0, 2, 3) });
  const second = encodeFrame({ type: 0x24, sequence: 8, body: Uint8Array.of(9) });
  for (let bit = 0; bit < 8 * (first.length - 1); bit++) {
    const damaged = first.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    const reader = new FrameReader();
    const taken = collect(reader, damaged, second);
    expect(taken.map(({ sequence }) => sequence)).toEqual([8]);
    expect(reader.dropped).toBeGreaterThan(0);
  }
});

test('a frame longer than the limit is dropped in constant memory, and the next one is read', () => {
  const reader = new FrameReader(64);
  const flood = new Uint8Array(1_000_000).fill(1);
  const good = encodeFrame({ type: 1, sequence: 1, body: new Uint8Array(58) });
  expect(frameContentBytes(58)).toBe(64);
  expect(collect(reader, flood, flood, Uint8Array.of(0), good)).toHaveLength(1);
  expect(reader.dropped).toBe(1);
});

test('a content that is one byte too long is dropped, however short its encoding', () => {
  for (const [bodyBytes, taken] of [
    [294, 1],
    [295, 0],
  ] as const) {
    const reader = new FrameReader(300);
    const frame = encodeFrame({ type: 1, sequence: 1, body: new Uint8Array(bodyBytes) });
    expect(frame.length - 1).toBeLessThanOrEqual(cobsLongestBytes(300)); // it fits the buffer
    expect(collect(reader, frame)).toHaveLength(taken);
    expect(reader.dropped).toBe(1 - taken);
  }
});

test('empty frames are silent and short ones are dropped', () => {
  const reader = new FrameReader();
  expect(collect(reader, Uint8Array.of(0, 0, 0, 2, 5, 0))).toEqual([]);
  expect(reader.dropped).toBe(1);
  expect(decodeFrame(Uint8Array.of(6, 1, 2, 3, 4, 5))).toBeUndefined();
});
