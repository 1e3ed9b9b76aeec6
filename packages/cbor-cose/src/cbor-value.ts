// The values that the CBOR profile knows (spec/encoding.md, section 1) and the limits
// that reader and writer share.

import type { Bytes } from '@firmseal/bytes';

/** What decodeCbor returns. Numbers are integers of magnitude at most 2^53 - 1; byte strings are copies. */
export type CborValue = number | boolean | null | string | Bytes | CborValue[] | CborMap;
export type CborMap = Map<number, CborValue>;

/** What encodeCbor takes: the same, read-only. Keys may stand in any order. */
export type CborInput =
  | number
  | boolean
  | null
  | string
  | Uint8Array
  | readonly CborInput[]
  | ReadonlyMap<number, CborInput>;

/** The outermost item is at depth 1; an item at a depth beyond this is refused. */
export const cborDepthAtMost = 8;
