// Writes deterministic CBOR (RFC 8949, section 4.2.1) with cborg. What cborg would write
// beyond the profile of spec/encoding.md, section 1 (floats, undefined, big integers, plain
// objects, text keys), is refused first.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { encode, rfc8949EncodeOptions } from 'cborg';
import { type CborInput, cborDepthAtMost } from './cbor-value.ts';

/**
 * The one encoding of the value, keys sorted by their encoded bytes.
 * Throws `cbor-type-refused`, `cbor-too-deep` or `cbor-text-invalid` for a value outside the profile.
 */
export function encodeCbor(value: CborInput): Bytes {
  check(value, 1);
  return encode(value, rfc8949EncodeOptions);
}

const where = 'the value to encode';
const refused = (what: string) => new Fault('cbor-type-refused', { where, what });

function checkInteger(value: unknown): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw refused('a number that is not an integer of at most 53 bits');
  }
}

// The types say most of this; values that come from JSON or from a cast do not obey them.
function check(value: unknown, depth: number): void {
  if (depth > cborDepthAtMost) throw new Fault('cbor-too-deep', { where, most: cborDepthAtMost });
  if (typeof value === 'number') {
    checkInteger(value);
  } else if (typeof value === 'string') {
    // A lone surrogate would silently become U+FFFD.
    if (!value.isWellFormed()) throw new Fault('cbor-text-invalid', { where });
  } else if (Array.isArray(value)) {
    for (const item of value) check(item, depth + 1);
  } else if (value instanceof Map) {
    for (const [key, item] of value) {
      if (typeof key !== 'number') throw refused('a map key that is not an integer');
      check(key, depth + 1);
      check(item, depth + 1);
    }
  } else if (typeof value !== 'boolean' && value !== null && !(value instanceof Uint8Array)) {
    throw refused(typeof value);
  }
}
