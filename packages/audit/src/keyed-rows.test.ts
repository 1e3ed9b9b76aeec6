// Tables by key say what a map by hexadecimal text would say, whatever the keys.

import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteColumn, hashSeed, hashSeedSizeBytes, KeyedRows, NumberColumn } from './keyed-rows.ts';

const seed = () => hashSeed(crypto.randomBytes(hashSeedSizeBytes));

describe('rows by key', () => {
  it('are found as in a map', () => {
    // Few different bytes, so that keys come again and differ in one place only.
    const key = fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
        const rows = new KeyedRows(seed(), 4);
        const known = new Map<string, number>();
        for (const bytes of keys.map((one) => Uint8Array.from(one))) {
          const name = toHex(bytes);
          expect(rows.find(bytes)).toBe(known.get(name) ?? -1);
          expect(rows.add(bytes)).toBe(known.has(name) ? -1 : known.size);
          if (!known.has(name)) known.set(name, known.size);
        }
        for (const [name, row] of known) expect(toHex(rows.keyAt(row))).toBe(name);
        expect(rows.size).toBe(known.size);
      }),
      { seed: 31, numRuns: 200 },
    );
  });

  it('do not hold a key of another length', () => {
    const rows = new KeyedRows(seed(), 4);
    rows.add(Uint8Array.of(0, 0, 0, 0));
    expect(rows.find(Uint8Array.of(0, 0, 0))).toBe(-1);
    expect(rows.find(Uint8Array.of(0, 0, 0, 0, 0))).toBe(-1);
    expect(() => rows.add(Uint8Array.of(1))).toThrow('1 bytes where 4 are due');
  });

  it('keep the key, not the array that it came in', () => {
    const rows = new KeyedRows(seed(), 4);
    const key = Uint8Array.of(1, 2, 3, 4);
    rows.add(key);
    key.fill(0);
    expect(rows.find(Uint8Array.of(1, 2, 3, 4))).toBe(0);
  });
});

it('columns grow from piece to piece, and hold 0 where nothing was set', () => {
  const [bytes, numbers] = [new ByteColumn(2), new NumberColumn()];
  for (let i = 0; i < 1000; i++) bytes.push(Uint8Array.of(i & 255, i >> 8));
  for (let i = 0; i < 1000; i++) {
    expect(bytes.at(i)).toEqual(Uint8Array.of(i & 255, i >> 8));
    expect(bytes.holds(i, Uint8Array.of(i & 255, 1 + (i >> 8)))).toBe(false);
  }
  const set = new Map([5, 17, 255, 256, 700, 40].map((row) => [row, 2 ** 40 + row]));
  for (const [row, value] of set) numbers.set(row, value);
  numbers.set(2000, 0);
  for (let row = 0; row < 2100; row++) expect(numbers.get(row)).toBe(set.get(row) ?? 0);
  numbers.set(700, 0);
  expect(numbers.get(700)).toBe(0);
});

it('a column holds any number, also after small ones', () => {
  const column = new NumberColumn();
  const numbers = [1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 0, -1, 1.5, 7];
  for (const [round, shift] of [0, 3, 5].entries()) {
    const values = Array.from({ length: 600 }, (_, row) =>
      row < 256 * round ? row + 1 : numbers[(row + shift) % numbers.length]!,
    );
    for (const [row, value] of values.entries()) column.set(row, value);
    for (const [row, value] of values.entries()) expect(column.get(row)).toBe(value);
  }
  const grown = new NumberColumn();
  grown.set(3, 5);
  grown.set(40, 2 ** 40);
  expect([grown.get(3), grown.get(40), grown.get(41)]).toEqual([5, 2 ** 40, 0]);
});
