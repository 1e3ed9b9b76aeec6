import { fromHex, utf8 } from '@firmseal/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intelHexLines, readImage } from './index.ts';

const written = (segments: Parameters<typeof intelHexLines>[0]) => [...intelHexLines(segments)].join('');

test('lines of Intel HEX as other programs write them', () => {
  // The first data record of the example that Wikipedia's article on the format shows.
  const bytes = fromHex('214601360121470136007EFE09D21901');
  expect(written([{ address: 0x0800_0100, bytes }])).toBe(
    ':020000040800F2\n:10010000214601360121470136007EFE09D2190140\n:00000001FF\n',
  );
});

test('what was written is read again, across borders of 64 KiB', () => {
  const segment = fc.record({
    address: fc.integer({ min: 0, max: 0x30000 }).map((offset) => 0x0800_0000 + offset),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  });
  fc.assert(
    fc.property(segment, ({ address, bytes }) => {
      const segments = [{ address, bytes: bytes.slice() }];
      const image = readImage(utf8(written(segments)), {});
      expect(image.segments).toEqual(segments);
    }),
    { numRuns: 50 },
  );
});
