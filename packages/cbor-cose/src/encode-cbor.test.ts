import { toHex } from '@firmseal/bytes';
import { encode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CborInput } from './cbor-value.ts';
import { encodeCbor } from './encode-cbor.ts';

test('sorts map keys by their encoded bytes, whatever order they came in', () => {
  const map = new Map<number, CborInput>([
    [-1, 0],
    [256, 1],
    [24, 2],
    [-25, 3],
    [0, 4],
    [23, 5],
  ]);
  expect(toHex(encodeCbor(map))).toBe('a6000417051818021901000120003818' + '03');
});

test('a Buffer is a byte string', () => {
  expect(toHex(encodeCbor(Buffer.from([1, 2])))).toBe('420102');
});

// The lengths and numbers at which the form of a head changes, and those beside them.
const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
const numbers = fc.oneof(
  fc.maxSafeInteger().map((n) => n + 0),
  fc.constantFrom(...edges, ...edges.slice(0, -1).map((n) => -1 - n)),
);
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...edges.slice(0, 7)).map((n) => 'a'.repeat(n)),
);
const strings = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(255, 256, 65_536).map((n) => new Uint8Array(n).fill(7)),
);
const { value: values } = fc.letrec<{ value: CborInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    ...[numbers, texts, strings, fc.boolean(), fc.constant(null)],
    fc.array(tie('value'), { maxLength: 12 }),
    fc.array(fc.tuple(numbers, tie('value')), { maxLength: 12 }).map((pairs) => new Map(pairs)),
  ),
}));

test('gives the bytes that cborg gives', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(toHex(encodeCbor(value))).toBe(toHex(encode(value, rfc8949EncodeOptions)));
    }),
    { seed: 8949, numRuns: 300 },
  );
});

const nested = (depth: number): CborInput => (depth === 0 ? 0 : [nested(depth - 1)]);

test.each<[string, unknown, string]>([
  ['a fraction', 1.5, 'cbor-type-refused'],
  ['NaN', Number.NaN, 'cbor-type-refused'],
  ['infinity', Number.POSITIVE_INFINITY, 'cbor-type-refused'],
  ['2^53', 2 ** 53, 'cbor-type-refused'],
  ['-2^53', -(2 ** 53), 'cbor-type-refused'],
  ['-0', -0, 'cbor-type-refused'],
  ['a big integer', 1n, 'cbor-type-refused'],
  ['undefined', undefined, 'cbor-type-refused'],
  ['undefined within', [1, undefined], 'cbor-type-refused'],
  ['a hole', new Array(1), 'cbor-type-refused'],
  ['an object', { a: 1 }, 'cbor-type-refused'],
  ['another typed array', new Uint16Array(1), 'cbor-type-refused'],
  ['a text key', new Map([['a', 1]]), 'cbor-type-refused'],
  ['a fraction as key', new Map([[0.5, 1]]), 'cbor-type-refused'],
  ['a function', () => 1, 'cbor-type-refused'],
  ['a lone surrogate', '\ud800', 'cbor-text-invalid'],
  ['nine deep', nested(8), 'cbor-too-deep'],
  [
    'an array in itself',
    (() => {
      const a: unknown[] = [];
      a.push(a);
      return a;
    })(),
    'cbor-too-deep',
  ],
])('refuses %s', (_, value, code) => {
  expect(() => encodeCbor(value as CborInput)).toThrow(expect.objectContaining({ code }));
});

test('eight deep is the limit', () => {
  expect(toHex(encodeCbor(nested(7)))).toBe('8181818181818100');
});
