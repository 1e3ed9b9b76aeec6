import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cobsDecode, cobsEncode, cobsLongestBytes } from './cobs.ts';

const run = (first: number, last: number) =>
  Uint8Array.from({ length: last - first + 1 }, (_, i) => (first + i) & 0xff);

// The worked examples that are published with the method.
test.each([
  [[], [1]],
  [[0], [1, 1]],
  [
    [0, 0],
    [1, 1, 1],
  ],
  [
    [0, 0x11, 0],
    [1, 2, 0x11, 1],
  ],
  [
    [0x11, 0x22, 0, 0x33],
    [3, 0x11, 0x22, 2, 0x33],
  ],
  [
    [0x11, 0x22, 0x33, 0x44],
    [5, 0x11, 0x22, 0x33, 0x44],
  ],
  [
    [0x11, 0, 0, 0],
    [2, 0x11, 1, 1, 1],
  ],
  [[...run(1, 254)], [255, ...run(1, 254)]],
  [
    [0, ...run(1, 254)],
    [1, 255, ...run(1, 254)],
  ],
  [[...run(1, 255)], [255, ...run(1, 254), 2, 255]],
  [
    [...run(2, 255), 0],
    [255, ...run(2, 255), 1, 1],
  ],
  [
    [...run(3, 255), 0, 1],
    [254, ...run(3, 255), 2, 1],
  ],
])('encodes the published example %#', (plain, encoded) => {
  expect([...cobsEncode(Uint8Array.from(plain))]).toEqual(encoded);
  expect([...cobsDecode(Uint8Array.from(encoded))!]).toEqual(plain);
});

const mostlyRuns = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.integer({ min: 250, max: 260 }).map((n) => run(1, n)),
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

test('every content comes back, holds no zero on the line, and fits the longest encoding', () => {
  fc.assert(
    fc.property(mostlyRuns, (plain) => {
      const encoded = cobsEncode(plain);
      expect(encoded.includes(0)).toBe(false);
      expect(encoded.length).toBeLessThanOrEqual(cobsLongestBytes(plain.length));
      expect(cobsDecode(encoded)).toEqual(plain);
    }),
    { seed: 1 },
  );
});

test('a final block that is announced for nothing decodes alike', () => {
  expect(cobsDecode(Uint8Array.of(255, ...run(1, 254), 1))).toEqual(run(1, 254));
});

test.each([[[]], [[5, 1]], [[0]], [[3, 1, 0]], [[2, 7, 9]]])('refuses %j', (encoded) => {
  expect(cobsDecode(Uint8Array.from(encoded))).toBeUndefined();
});

test('any bytes decode or are refused, never more than came in', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const plain = cobsDecode(bytes);
      if (plain !== undefined) expect(plain.length).toBeLessThan(Math.max(1, bytes.length));
    }),
    { seed: 2, numRuns: 500 },
  );
});
