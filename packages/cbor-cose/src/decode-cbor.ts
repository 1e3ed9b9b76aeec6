// Reads the CBOR profile of spec/encoding.md, section 1, from bytes that an attacker may have
// written. Written by hand because the agent's reader in C has to give the same fault for the same
// bytes (vectors/cbor/decode.json); the tests hold it to cborg. What the values mean is for
// schema.ts and the formats above.
//
// Which fault wins: longer input than maxBytes is `cbor-too-large` before any byte is looked
// at. Then the reader walks from the first byte to the last and reports the first fault it
// meets; for each item, in this order:
//   1. no byte left                                              cbor-truncated
//   2. additional information 28 to 30, whatever the major type  cbor-type-refused
//   3. additional information 31, whatever the major type        cbor-not-deterministic
//   4. fewer bytes left than the argument has (1, 2, 4, 8)       cbor-truncated
//   5. an argument that fits a shorter form: below 24, 2^8, 2^16,
//      2^32; floats and simple values too, their bits taken as an
//      integer                                                   cbor-not-deterministic
//   6. as a map key: not an integer; else: a tag, a float, a simple
//      value but false, true, null; an integer beyond 2^53 - 1   cbor-type-refused
//   7. depth 9 (keys and values are one deeper than their map)   cbor-too-deep
//   8. a string longer than the rest, an array of more items than
//      bytes in the rest, a map of more pairs than half of them  cbor-truncated
//   9. text that is not UTF-8                                    cbor-text-invalid
//  10. of a key, after all of its own: equal to the key ahead    cbor-duplicate-key
//                                      sorting before it         cbor-not-deterministic
// and after the outermost item: bytes left                       cbor-trailing-bytes

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type CborMap, type CborValue, cborDepthAtMost } from './cbor-value.ts';
import { shortText } from './short-text.ts';

// A byte-order mark is text like any other; the default would drop it.
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value of one deterministic CBOR item that fills the bytes exactly. Allocates in proportion to the bytes
 * given, never to a length announced in them. Throws the `cbor-...` faults listed at the head of this file.
 */
export function decodeCbor(bytes: Uint8Array, { maxBytes }: { maxBytes: number }): CborValue {
  if (bytes.length > maxBytes) throw new Fault('cbor-too-large', { size: bytes.length, most: maxBytes });
  const reader: Reader = { bytes, offset: 0 };
  const value = readItem(reader, 1);
  const count = bytes.length - reader.offset;
  if (count > 0) throw new Fault('cbor-trailing-bytes', { count, offset: reader.offset });
  return value;
}

type Reader = { readonly bytes: Uint8Array; offset: number };

/** `start`: offset of the initial byte. `argument` is exact up to 2^53 and too large to be allowed beyond. */
type Head = {
  readonly start: number;
  readonly major: number;
  readonly info: number;
  readonly argument: number;
};

const rest = (reader: Reader) => reader.bytes.length - reader.offset;
const truncated = (reader: Reader) => new Fault('cbor-truncated', { offset: reader.bytes.length });
const refused = (offset: number, what: string) =>
  new Fault('cbor-type-refused', { where: `byte ${offset}`, what });
const notDeterministic = (offset: number, what: string) =>
  new Fault('cbor-not-deterministic', { offset, what });

// RFC 8949, section 3: initial byte = major type (3 bits), additional information (5 bits). Steps 1 to 5.
function readHead(reader: Reader): Head {
  const start = reader.offset;
  if (rest(reader) < 1) throw truncated(reader);
  const initial = reader.bytes[reader.offset++]!;
  const major = initial >> 5;
  const info = initial & 0x1f;
  if (info < 24) return { start, major, info, argument: info };
  if (info === 31) throw notDeterministic(start, 'an indefinite length');
  if (info > 27) throw refused(start, 'a reserved form');
  const size = 1 << (info - 24);
  if (rest(reader) < size) throw truncated(reader);
  let argument = 0;
  // Above 2^53 the sum rounds, but never to 2^53 - 1 or below: the checks against that bound hold.
  for (let i = 0; i < size; i++) argument = argument * 256 + reader.bytes[reader.offset++]!;
  const least = size === 1 ? 24 : 2 ** (4 * size);
  if (argument < least) throw notDeterministic(start, 'an argument not in its shortest form');
  return { start, major, info, argument };
}

function checkDepth(head: Head, depth: number): void {
  if (depth > cborDepthAtMost) {
    throw new Fault('cbor-too-deep', { where: `byte ${head.start}`, most: cborDepthAtMost });
  }
}

// Major type 0: argument; 1: -1 - argument.
function integerOf({ start, major, argument }: Head): number {
  const value = major === 0 ? argument : -1 - argument;
  if (!Number.isSafeInteger(value)) throw refused(start, 'an integer beyond 53 bits');
  return value;
}

function readItem(reader: Reader, depth: number): CborValue {
  const head = readHead(reader);
  const value = scalarOf(head);
  checkDepth(head, depth);
  if (value !== undefined) return value;
  switch (head.major) {
    case 2:
      return readString(reader, head.argument);
    case 3:
      return readText(reader, head);
    case 4:
      return readArray(reader, head.argument, depth);
    default:
      return readMap(reader, head.argument, depth);
  }
}

/** The value of a head that is an item by itself; undefined for strings, arrays and maps. Step 6. */
function scalarOf(head: Head): number | boolean | null | undefined {
  if (head.major <= 1) return integerOf(head);
  if (head.major === 6) throw refused(head.start, 'a tag');
  if (head.major < 6) return undefined;
  // Arguments of longer forms are 24 or more, so these are the one-byte forms.
  if (head.argument === 20) return false;
  if (head.argument === 21) return true;
  if (head.argument === 22) return null;
  throw refused(head.start, head.info > 24 ? 'a float' : 'a simple value');
}

function readString(reader: Reader, length: number): Bytes {
  if (length > rest(reader)) throw truncated(reader);
  const start = reader.offset;
  reader.offset += length; // at most bytes.length
  return copyOf(reader.bytes, start, reader.offset);
}

/** A short string is copied byte by byte: that takes less time than to make a view of it first. */
function copyOf(bytes: Uint8Array, start: number, end: number): Bytes {
  if (end - start > 64) return new Uint8Array(bytes.subarray(start, end));
  const copy = new Uint8Array(end - start);
  for (let i = 0; i < copy.length; i++) copy[i] = bytes[start + i]!;
  return copy;
}

function readText(reader: Reader, { start, argument }: Head): string {
  if (argument > rest(reader)) throw truncated(reader);
  const first = reader.offset;
  reader.offset += argument; // at most bytes.length
  const short = shortText(reader.bytes, first, reader.offset);
  if (short !== undefined) return short;
  try {
    return textDecoder.decode(reader.bytes.subarray(first, reader.offset));
  } catch (cause) {
    throw new Fault('cbor-text-invalid', { where: `byte ${start}` }, { cause });
  }
}

function readArray(reader: Reader, count: number, depth: number): CborValue[] {
  // Each item takes a byte at least, so a count within the rest bounds the loop by the input's length.
  if (count > rest(reader)) throw truncated(reader);
  const items: CborValue[] = [];
  for (let i = 0; i < count; i++) items.push(readItem(reader, depth + 1));
  return items;
}

function readMap(reader: Reader, count: number, depth: number): CborMap {
  // As for arrays; a pair takes two bytes at least. Doubling rounds for no count that could pass.
  if (count * 2 > rest(reader)) throw truncated(reader);
  const map: CborMap = new Map();
  let previous: Head | undefined;
  for (let i = 0; i < count; i++) {
    const head = readHead(reader);
    if (head.major > 1) throw refused(head.start, 'a map key that is not an integer');
    const key = integerOf(head);
    checkDepth(head, depth + 1);
    if (previous) checkOrder(previous, head);
    previous = head;
    map.set(key, readItem(reader, depth + 1));
  }
  return map;
}

// Heads in their shortest form sort by their bytes as they sort by major type, then argument.
function checkOrder(previous: Head, head: Head): void {
  if (head.major > previous.major) return;
  if (head.major === previous.major && head.argument > previous.argument) return;
  if (head.major === previous.major && head.argument === previous.argument) {
    throw new Fault('cbor-duplicate-key', { offset: head.start });
  }
  throw notDeterministic(head.start, 'a map key that sorts before the one ahead of it');
}
