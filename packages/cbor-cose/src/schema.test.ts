import { Fault } from '@firmseal/fault';
import { describe, expect, test } from 'vitest';
import type { CborValue } from './cbor-value.ts';
import {
  arrayOf,
  boolean,
  byteString,
  field,
  integer,
  mapOf,
  nullable,
  oneOf,
  optionalField,
  readMap,
  textString,
  tuple,
} from './schema.ts';

const refusalOf = (reading: () => unknown): string => {
  try {
    reading();
    return 'none';
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'cbor-schema') throw fault;
    const { what } = fault.fields;
    return String(what);
  }
};

const shape = {
  version: field(1, oneOf(1, 2)),
  name: field(2, textString(1, 4, /^[a-z]+$/)),
  areas: field(3, arrayOf(mapOf({ size: field(-1, integer(0, 9)) }), 1, 2)),
  salt: optionalField(4, byteString(2)),
  last: optionalField(5, nullable(boolean)),
};
const right = (): Map<number, CborValue> =>
  new Map<number, CborValue>([
    [1, 2],
    [2, 'abc'],
    [3, [new Map([[-1, 9]])]],
  ]);

test('gives the fields by name, with their types', () => {
  const value = readMap(right().set(5, null), shape, 'thing');
  const version: 1 | 2 = value.version;
  const salt: Uint8Array | undefined = value.salt;
  expect({ version, salt }).toEqual({ version: 2, salt: undefined });
  expect(value).toEqual({ version: 2, name: 'abc', areas: [{ size: 9 }], last: null });
  expect('salt' in value).toBe(false);
});

describe('refuses', () => {
  test.each<[string, CborValue, string]>([
    ['what is no map', [1], 'thing is not a map'],
    ['an unknown key', right().set(9, 0), 'thing has the unknown key 9'],
    ['an unknown key instead of an optional one', right().set(-4, 0), 'thing has the unknown key -4'],
    ['a missing key', new Map(), 'thing.version (key 1) is missing'],
    ['another number', right().set(1, 3), 'thing.version is not one of 1, 2'],
    ['another type', right().set(1, '1'), 'thing.version is not one of 1, 2'],
    ['null for an optional key', right().set(4, null), 'thing.salt is not a byte string of 2 bytes'],
    ['a long byte string', right().set(4, new Uint8Array(3)), 'thing.salt is not a byte string of 2 bytes'],
    ['a text for bytes', right().set(4, 'ab'), 'thing.salt is not a byte string of 2 bytes'],
    ['bytes for a text', right().set(2, new Uint8Array(3)), 'thing.name is not a text string'],
    ['a text too long in bytes', right().set(2, 'é€'), 'thing.name is not a text of 1 to 4 bytes'],
    ['an empty text', right().set(2, ''), 'thing.name is not a text of 1 to 4 bytes'],
    ['other characters', right().set(2, 'a b'), 'thing.name has characters that are not allowed there'],
    ['an empty array', right().set(3, []), 'thing.areas is not an array of 1 to 2 items'],
    ['a long array', right().set(3, [0, 0, 0]), 'thing.areas is not an array of 1 to 2 items'],
    ['a map for an array', right().set(3, new Map()), 'thing.areas is not an array of 1 to 2 items'],
    [
      'a value far inside',
      right().set(3, [new Map([[-1, 1]]), new Map([[-1, 10]])]),
      'thing.areas[1].size is not an integer from 0 to 9',
    ],
    ['a number for a boolean', right().set(5, 0), 'thing.last is neither true nor false'],
  ])('%s', (_, value, what) => {
    expect(refusalOf(() => readMap(value, shape, 'thing'))).toBe(what);
  });

  test('a tuple of another length or type', () => {
    const pair = tuple(integer(0, 9), textString(0, 9));
    const [number, text]: [number, string] = [...pair([1, 'a'], 'pair')];
    expect([number, text]).toEqual([1, 'a']);
    expect(refusalOf(() => pair([1], 'pair'))).toBe('pair is not an array of 2 items');
    expect(refusalOf(() => pair([1, 2], 'pair'))).toBe('pair[1] is not a text string');
  });

  test('false is a value of a boolean, true of no integer', () => {
    expect(boolean(false, 'it')).toBe(false);
    expect(refusalOf(() => integer(0, 1)(true, 'it'))).toBe('it is not an integer from 0 to 1');
  });
});
