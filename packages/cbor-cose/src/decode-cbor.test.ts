// Every violation by its vector, then properties: what is encoded is decoded, what is accepted is encoded the
// same, and cborg (a reader by other hands) accepts all that is accepted here.

import { readFileSync } from 'node:fs';
import { type Bytes, concatBytes, fromHex, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { decode as cborgDecode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CborValue } from './cbor-value.ts';
import { decodeCbor } from './decode-cbor.ts';
import { encodeCbor } from './encode-cbor.ts';

type Case = { name: string; hex: string; fault?: string };
const vectorFile = new URL('../../../vectors/cbor/decode.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(vectorFile, 'utf8')) as { cases: Case[] };
const decode = (bytes: Uint8Array) => decodeCbor(bytes, { maxBytes: 65_536 });
const faultOf = (bytes: Uint8Array): string => {
  try {
    decode(bytes);
    return 'none';
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return fault.code;
  }
};
const byCborg = (bytes: Uint8Array): unknown =>
  cborgDecode(bytes, {
    strict: true,
    useMaps: true,
    allowIndefinite: false,
    allowUndefined: false,
    rejectDuplicateMapKeys: true,
  });

describe('vectors/cbor/decode.json', () => {
  test.each(cases.filter(({ fault }) => fault))('$fault: $name', ({ hex, fault }) => {
    expect(faultOf(fromHex(hex))).toBe(fault);
  });

  test.each(cases.filter(({ fault }) => !fault))('accepted: $name', ({ hex }) => {
    const bytes = fromHex(hex);
    expect(toHex(encodeCbor(decode(bytes)))).toBe(hex);
    const value = decode(bytes);
    // cborg drops a byte-order mark, which is text like any other here.
    const expected = typeof value === 'string' ? value.replace(/^\ufeff/, '') : value;
    expect(byCborg(bytes)).toEqual(expected);
  });

  test('has every fault of the reader', () => {
    expect([...new Set(cases.map(({ fault }) => fault ?? 'none'))].sort()).toEqual([
      'cbor-duplicate-key',
      'cbor-not-deterministic',
      'cbor-text-invalid',
      'cbor-too-deep',
      'cbor-trailing-bytes',
      'cbor-truncated',
      'cbor-type-refused',
      'none',
    ]);
  });

  test('every prefix of an accepted item is truncated', () => {
    for (const { hex } of cases.filter(({ fault }) => !fault)) {
      const bytes = fromHex(hex);
      for (let length = 0; length < bytes.length; length++) {
        expect(faultOf(bytes.subarray(0, length))).toBe('cbor-truncated');
      }
    }
  });
});

test('values come out as they should', () => {
  const bytes = fromHex('a30043010203181883f4f5f6206161');
  expect(decode(bytes)).toEqual(
    new Map<number, unknown>([
      [0, Uint8Array.of(1, 2, 3)],
      [24, [false, true, null]],
      [-1, 'a'],
    ]),
  );
});

test('byte strings are copies with a buffer of their own size', () => {
  const bytes = fromHex('43010203');
  const value = decode(bytes) as Bytes;
  bytes.fill(0);
  expect(value).toEqual(Uint8Array.of(1, 2, 3));
  expect(value.buffer.byteLength).toBe(3);
  expect((decode(Buffer.from('43010203', 'hex')) as Bytes).constructor).toBe(Uint8Array);
});

test('the size limit is looked at before the bytes', () => {
  expect(() => decodeCbor(new Uint8Array(5).fill(0xff), { maxBytes: 4 })).toThrow(
    expect.objectContaining({ code: 'cbor-too-large', fields: { size: 5, most: 4 } }),
  );
  expect(decodeCbor(fromHex('43010203'), { maxBytes: 4 })).toEqual(Uint8Array.of(1, 2, 3));
});

test('announced lengths allocate nothing', () => {
  const headsWithHugeLengths = ['5a', '7a', '9a', 'ba'].map((head) => fromHex(`${head}7fffffff00`));
  const before = process.memoryUsage();
  for (let i = 0; i < 1000; i++) for (const bytes of headsWithHugeLengths) faultOf(bytes);
  const after = process.memoryUsage();
  // One of them honoured would be 2 GiB; the faults themselves are some megabytes at most.
  const grown = after.arrayBuffers - before.arrayBuffers + (after.heapUsed - before.heapUsed);
  expect(grown).toBeLessThan(256 * 2 ** 20);
});

const integers = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 8, 2 ** 16, 2 ** 32, 2 ** 53 - 1, -(2 ** 8) - 1, -(2 ** 16) - 1, -(2 ** 53) + 1),
);
// Any Unicode without lone surrogates; a byte-order mark in front is left out because cborg drops it.
const texts = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('\ufeff'));
const { value: values } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    integers.map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.boolean(),
    fc.constant(null),
    texts,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(
        fc.tuple(
          integers.map((n) => n + 0),
          tie('value'),
        ),
        { maxLength: 5 },
      )
      .map((entries) => new Map(entries)),
  ),
}));

test('what is encoded is decoded, and cborg reads the same', () => {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = encodeCbor(value);
      expect(decode(bytes)).toEqual(value);
      expect(byCborg(bytes)).toEqual(value);
    }),
    { seed: 8949, numRuns: 500 },
  );
});

test('damaged encodings: accepted means canonical, and cborg accepts them too', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, position, flip) => {
      const bytes = Uint8Array.from(encodeCbor(value));
      bytes[position % bytes.length]! ^= flip;
      if (faultOf(bytes) !== 'none') {
        refused++;
        return;
      }
      accepted++;
      expect(toHex(encodeCbor(decode(bytes)))).toBe(toHex(bytes));
      expect(byCborg(bytes)).toEqual(decode(bytes));
    }),
    { seed: 18, numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});

test('random bytes give a value or a fault, never another error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
      faultOf(noise);
      faultOf(concatBytes(Uint8Array.of(0x84), noise));
    }),
    { seed: 42, numRuns: 5000 },
  );
});
