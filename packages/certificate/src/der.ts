// Writes the DER that the certificate profile needs (ITU-T X.690): each function gives one whole encoded
// value. What was read (der-reader.ts) is written again here and has to come out the same.

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';

function headOf(tag: number, length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(tag, length);
  if (length < 0x100) return Uint8Array.of(tag, 0x81, length);
  return Uint8Array.of(tag, 0x82, length >>> 8, length & 0xff);
}

/** Any value by its tag; content below 64 KiB. */
export function der(tag: number, ...content: readonly Uint8Array[]): Bytes {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return concatBytes(headOf(tag, length), ...content);
}

export const sequence = (...items: readonly Uint8Array[]): Bytes => der(0x30, ...items);
export const octetString = (content: Uint8Array): Bytes => der(0x04, content);
/** Whole bytes: no unused bit. */
export const bitString = (content: Uint8Array): Bytes => der(0x03, Uint8Array.of(0), content);
export const utf8String = (text: string): Bytes => der(0x0c, utf8(text));
export const derTrue: Bytes = Uint8Array.of(0x01, 0x01, 0xff);

/** A positive INTEGER from big-endian bytes of any length. */
export function integer(magnitude: Uint8Array): Bytes {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  return der(0x02, ...(digits[0]! >= 0x80 ? [Uint8Array.of(0)] : []), digits);
}

function base128(value: bigint): number[] {
  const digits = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) digits.unshift(Number(rest & 0x7fn) | 0x80);
  return digits;
}

/** OBJECT IDENTIFIER from its dotted form; arcs of any size (2.25 has arcs of 128 bits). */
export function objectIdentifier(dotted: string): Bytes {
  const [first, second, ...rest] = dotted.split('.').map(BigInt);
  const arcs = [first! * 40n + second!, ...rest];
  return der(0x06, Uint8Array.from(arcs.flatMap(base128)));
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5); whole seconds. */
export function time(at: Date): Bytes {
  const digits = at.toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '');
  return at.getUTCFullYear() < 2050 ? der(0x17, utf8(digits.slice(2))) : der(0x18, utf8(digits));
}
