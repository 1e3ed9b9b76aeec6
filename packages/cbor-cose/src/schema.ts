// Typed reading of decoded CBOR: a shape says which keys a map has and what each holds. Maps are closed
// (spec/encoding.md, section 1): an unknown key is refused like a missing one. Every refusal is `cbor-schema`
// with a path of field names; formats turn it into the *malformed* fault of their object.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { CborMap, CborValue } from './cbor-value.ts';

/** Gives the value back with its type, or throws `cbor-schema`; `what` is its name in that fault. */
export type Schema<T> = (value: CborValue, what: string) => T;

export type Field<T, Optional extends boolean> = {
  readonly key: number;
  readonly schema: Schema<T>;
  readonly optional: Optional;
};

/** Names of fields, as the caller calls them, to their keys in the map. */
export type Shape = Readonly<Record<string, Field<unknown, boolean>>>;

/** What readMap returns for a shape: optional fields are absent, not undefined. */
export type ShapeValue<S extends Shape> = {
  [N in keyof S as S[N] extends Field<unknown, false> ? N : never]: FieldValue<S[N]>;
} & {
  [N in keyof S as S[N] extends Field<unknown, false> ? never : N]?: FieldValue<S[N]>;
};
type FieldValue<F> = F extends Field<infer T, boolean> ? T : never;

const refuse = (what: string): never => {
  throw new Fault('cbor-schema', { what });
};

/** A key that has to be there. */
export const field = <T>(key: number, schema: Schema<T>): Field<T, false> => ({
  key,
  schema,
  optional: false,
});

/** A key that may be missing. */
export const optionalField = <T>(key: number, schema: Schema<T>): Field<T, true> => ({
  key,
  schema,
  optional: true,
});

interface NamedField {
  readonly name: string;
  /** With the names of the maps around it. */
  readonly path: string;
  readonly field: Field<unknown, boolean>;
}

/** The fields of a shape as a list: it is made once for each shape, and maps are read all the time. */
const lists = new WeakMap<Shape, { readonly what: string; readonly fields: readonly NamedField[] }>();
function fieldsOf(shape: Shape, what: string): readonly NamedField[] {
  const known = lists.get(shape);
  if (known?.what === what) return known.fields;
  const fields = Object.entries(shape).map(([name, field]) => ({ name, path: `${what}.${name}`, field }));
  lists.set(shape, { what, fields });
  return fields;
}

/** The fields of a map of exactly this shape, by name. `what` names the map: `manifest`, `license.wrap`. */
export function readMap<S extends Shape>(value: CborValue, shape: S, what: string): ShapeValue<S> {
  if (!(value instanceof Map)) return refuse(`${what} is not a map`);
  const map: CborMap = value;
  const fields: Record<string, unknown> = {};
  let known = 0;
  for (const { name, path, field } of fieldsOf(shape, what)) {
    const item = map.get(field.key);
    if (item !== undefined) {
      known++;
      fields[name] = field.schema(item, path);
    } else if (!field.optional) {
      refuse(`${path} (key ${field.key}) is missing`);
    }
  }
  if (known !== map.size) {
    const keys = new Set(Object.values(shape).map(({ key }) => key));
    const unknown = [...map.keys()].find((key) => !keys.has(key));
    refuse(`${what} has the unknown key ${unknown}`);
  }
  return fields as ShapeValue<S>;
}

/** A map of a shape, as a value within another. */
export const mapOf =
  <S extends Shape>(shape: S): Schema<ShapeValue<S>> =>
  (value, what) =>
    readMap(value, shape, what);

/** An integer from `least` to `most`, both included. */
export const integer =
  (least: number, most: number): Schema<number> =>
  (value, what) =>
    typeof value === 'number' && value >= least && value <= most
      ? value
      : refuse(`${what} is not an integer from ${least} to ${most}`);

/** One of the integers or texts given. */
export const oneOf =
  <const T extends number | string>(...values: readonly T[]): Schema<T> =>
  (value, what) =>
    values.find((known) => known === value) ?? refuse(`${what} is not one of ${values.join(', ')}`);

/** A byte string of `least` to `most` bytes; of exactly `least` when `most` is left out. */
export const byteString =
  (least: number, most: number = least): Schema<Bytes> =>
  (value, what) =>
    value instanceof Uint8Array && value.length >= least && value.length <= most
      ? value
      : refuse(`${what} is not a byte string of ${least === most ? least : `${least} to ${most}`} bytes`);

const utf8 = new TextEncoder();

/** Bytes of UTF-8; nearly every text of the formats is ASCII. */
function sizeOf(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return utf8.encode(text).length;
  return text.length;
}

/** A text string of `least` to `most` bytes of UTF-8, matching the pattern if there is one. */
export const textString =
  (least: number, most: number, pattern?: RegExp): Schema<string> =>
  (value, what) => {
    if (typeof value !== 'string') return refuse(`${what} is not a text string`);
    const size = sizeOf(value);
    if (size < least || size > most) return refuse(`${what} is not a text of ${least} to ${most} bytes`);
    if (pattern && !pattern.test(value)) return refuse(`${what} has characters that are not allowed there`);
    return value;
  };

export const boolean: Schema<boolean> = (value, what) =>
  typeof value === 'boolean' ? value : refuse(`${what} is neither true nor false`);

/** null, or what the inner schema takes. */
export const nullable =
  <T>(inner: Schema<T>): Schema<T | null> =>
  (value, what) =>
    value === null ? null : inner(value, what);

/** An array of `least` to `most` items, each of the inner schema. */
export const arrayOf =
  <T>(inner: Schema<T>, least: number, most: number): Schema<T[]> =>
  (value, what) =>
    Array.isArray(value) && value.length >= least && value.length <= most
      ? value.map((item, i) => inner(item, `${what}[${i}]`))
      : refuse(`${what} is not an array of ${least === most ? least : `${least} to ${most}`} items`);

type Tuple<S extends readonly Schema<unknown>[]> = {
  [I in keyof S]: S[I] extends Schema<infer T> ? T : never;
};

/** An array with one item for each schema, in order. */
export const tuple =
  <const S extends readonly Schema<unknown>[]>(...schemas: S): Schema<Tuple<S>> =>
  (value, what) =>
    Array.isArray(value) && value.length === schemas.length
      ? (schemas.map((schema, i) => schema(value[i]!, `${what}[${i}]`)) as Tuple<S>)
      : refuse(`${what} is not an array of ${schemas.length} items`);
