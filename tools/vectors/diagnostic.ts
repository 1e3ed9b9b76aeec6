// CBOR diagnostic notation (RFC 8949 section 8) for the worked example: one pair of a map a line, byte
// strings as hexadecimal, embedded CBOR shown beside them.

import { toHex } from '@firmseal/bytes';
import { type CborValue, decodeCbor } from '@firmseal/cbor-cose';

const text = (value: string) => JSON.stringify(value);

function inline(value: CborValue): string {
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
  if (value instanceof Map)
    return `{${[...value].map(([key, inner]) => `${key}: ${inline(inner)}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  return typeof value === 'string' ? text(value) : String(value);
}

/** A map with one pair a line, an array with one item a line; everything else in one line. */
export function diagnostic(bytes: Uint8Array): string {
  const value = decodeCbor(bytes, { maxBytes: bytes.length });
  if (value instanceof Map)
    return `{\n${[...value].map(([key, inner]) => `  ${key}: ${inline(inner)},`).join('\n')}\n}`;
  if (Array.isArray(value)) return `[\n${value.map((inner) => `  ${inline(inner)},`).join('\n')}\n]`;
  return inline(value);
}
