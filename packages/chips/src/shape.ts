// Readers of untyped JSON: each takes a value and its path and returns the typed value or throws. Small on
// purpose: just what the catalogue's files need. An object with a key that nobody reads is refused, so that a
// misspelt key cannot pass as a missing one.

import { Fault } from '@firmseal/fault';

export type Reader<T> = (value: unknown, path: string) => T;

/** Throws the fault of a catalogue file that is not as it should be. */
export function refuse(path: string, expected: string): never {
  throw new Fault('internal-error', { detail: `the chip catalogue has no ${expected} at ${path}` });
}

export const text: Reader<string> = (value, path) =>
  typeof value === 'string' && value.length > 0 ? value : refuse(path, 'text');

export const flag: Reader<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false');

export const count: Reader<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(path, 'whole number');

/** A number written `0x` and exactly that many digits. */
const hex =
  (digits: number): Reader<number> =>
  (value, path) =>
    typeof value === 'string' && value.length === 2 + digits && /^0x[0-9A-F]+$/.test(value)
      ? Number.parseInt(value, 16)
      : refuse(path, `${digits * 4}-bit ${digits === 8 ? 'word' : 'number'}`);

/** 32 bits, written `0x` and eight digits. */
export const word = hex(8);
export const halfWord = hex(4);
export const byte = hex(2);

export function oneOf<const T extends string | number>(...allowed: readonly T[]): Reader<T> {
  return (value, path) => allowed.find((one) => one === value) ?? refuse(path, allowed.join(' or '));
}

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path) =>
    Array.isArray(value) ? value.map((one, i) => item(one, `${path}[${i}]`)) : refuse(path, 'list');
}

/** A list of exactly two. */
export function pair<T>(item: Reader<T>): Reader<readonly [T, T]> {
  return (value, path) =>
    Array.isArray(value) && value.length === 2
      ? [item(value[0], `${path}[0]`), item(value[1], `${path}[1]`)]
      : refuse(path, 'pair');
}

export function record<T>(item: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, 'object');
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item(one, `${path}.${key}`)]));
  };
}

type Readers = Readonly<Record<string, Reader<unknown>>>;
type Read<R extends Readers> = { readonly [K in keyof R]: ReturnType<R[K]> };

/** An object with exactly these keys; those of `optional` may be missing. */
export function object<R extends Readers, O extends Readers = Record<never, never>>(
  required: R,
  optional?: O,
): Reader<Read<R> & Partial<Read<O>>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path, 'object');
    const given = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(given)) {
      const reader = required[key] ?? optional?.[key];
      if (reader === undefined) return refuse(`${path}.${key}`, 'key of that name');
      result[key] = reader(given[key], `${path}.${key}`);
    }
    for (const key of Object.keys(required)) if (!(key in given)) return refuse(`${path}.${key}`, 'value');
    return result as Read<R> & Partial<Read<O>>;
  };
}
