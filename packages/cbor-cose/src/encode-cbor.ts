// Writes deterministic CBOR (RFC 8949, section 4.2.1), no more than the profile of spec/encoding.md,
// section 1: integers, strings, arrays, maps with integer keys, false, true, null. Written by hand as the
// reader is: every object is encoded on every signature, and a library that knows all of CBOR takes seven
// times as long. The tests hold it to cborg.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type CborInput, cborDepthAtMost } from './cbor-value.ts';

const major = { positive: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, array: 0x80, map: 0xa0 } as const;
const simple = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;
const utf8 = new TextEncoder();

/**
 * The one encoding of the value, keys sorted by their encoded bytes.
 * Throws `cbor-type-refused`, `cbor-too-deep` or `cbor-text-invalid` for a value outside the profile.
 */
export function encodeCbor(value: CborInput): Bytes {
  const bytes = new Uint8Array(sizeOf(value, 1));
  writeItem({ bytes, at: 0 }, value);
  return bytes;
}

const where = 'the value to encode';
const refused = (what: string) => new Fault('cbor-type-refused', { where, what });

function checkInteger(value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw refused('a number that is not an integer of at most 53 bits');
  }
}

/** Of a value in its head: -1 - n is written as n. */
const argumentOf = (value: number): number => (value < 0 ? -1 - value : value);

const headSize = (argument: number): number =>
  argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : argument < 2 ** 32 ? 5 : 9;

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

function textSize(text: string): number {
  if (isAscii(text)) return text.length;
  // A lone surrogate would silently become U+FFFD.
  if (!text.isWellFormed()) throw new Fault('cbor-text-invalid', { where });
  return utf8.encode(text).length;
}

/**
 * Bytes of the encoding, when the value is within the profile. The types say most of this; values that come
 * from JSON or from a cast do not obey them.
 */
function sizeOf(value: unknown, depth: number): number {
  if (depth > cborDepthAtMost) throw new Fault('cbor-too-deep', { where, most: cborDepthAtMost });
  if (value instanceof Uint8Array) return headSize(value.length) + value.length;
  switch (typeof value) {
    case 'number':
      checkInteger(value);
      return headSize(argumentOf(value));
    case 'string': {
      const size = textSize(value);
      return headSize(size) + size;
    }
    case 'boolean':
      return 1;
  }
  if (value === null) return 1;
  let size = 0;
  if (Array.isArray(value)) {
    // By index: a hole is a value, too, and no good one.
    for (let i = 0; i < value.length; i++) size += sizeOf(value[i], depth + 1);
    return headSize(value.length) + size;
  }
  if (!(value instanceof Map)) throw refused(typeof value);
  for (const [key, item] of value) {
    if (typeof key !== 'number') throw refused('a map key that is not an integer');
    size += sizeOf(key, depth + 1) + sizeOf(item, depth + 1);
  }
  return headSize(value.size) + size;
}

interface Writer {
  readonly bytes: Uint8Array;
  at: number;
}

// RFC 8949, section 3: major type (3 bits), then the argument in its shortest form, big-endian.
function writeHead(writer: Writer, type: number, argument: number): void {
  const { bytes } = writer;
  const size = headSize(argument);
  if (size === 1) {
    bytes[writer.at++] = type | argument;
    return;
  }
  bytes[writer.at] = type | (size === 2 ? 24 : size === 3 ? 25 : size === 5 ? 26 : 27);
  let rest = argument;
  for (let i = size - 1; i > 0; i--) {
    bytes[writer.at + i] = rest % 0x100;
    rest = Math.floor(rest / 0x100);
  }
  writer.at += size;
}

function writeText(writer: Writer, text: string): void {
  if (!isAscii(text)) {
    writeBytes(writer, major.text, utf8.encode(text));
    return;
  }
  writeHead(writer, major.text, text.length);
  for (let i = 0; i < text.length; i++) writer.bytes[writer.at++] = text.charCodeAt(i);
}

function writeBytes(writer: Writer, type: number, content: Uint8Array): void {
  writeHead(writer, type, content.length);
  writer.bytes.set(content, writer.at);
  writer.at += content.length;
}

/** By their encoded bytes: what is not negative first, and then by how far it is from zero. */
const byEncoding = (a: number, b: number): number =>
  a < 0 === b < 0 ? argumentOf(a) - argumentOf(b) : b - a;

function writeMap(writer: Writer, map: ReadonlyMap<number, CborInput>): void {
  writeHead(writer, major.map, map.size);
  for (const key of [...map.keys()].sort(byEncoding)) {
    writeItem(writer, key);
    writeItem(writer, map.get(key)!);
  }
}

function writeItem(writer: Writer, value: CborInput): void {
  if (typeof value === 'number')
    writeHead(writer, value < 0 ? major.negative : major.positive, argumentOf(value));
  else if (value instanceof Uint8Array) writeBytes(writer, major.bytes, value);
  else if (typeof value === 'string') writeText(writer, value);
  else if (value === null) writer.bytes[writer.at++] = simple.null;
  else if (typeof value === 'boolean') writer.bytes[writer.at++] = value ? simple.true : simple.false;
  else if (value instanceof Map) writeMap(writer, value);
  else {
    writeHead(writer, major.array, (value as readonly CborInput[]).length);
    for (const item of value as readonly CborInput[]) writeItem(writer, item);
  }
}
