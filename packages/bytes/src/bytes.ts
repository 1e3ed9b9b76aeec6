// Small functions on Uint8Array that every format needs. No format knowledge, no cryptography.

import { Fault } from '@firmseal/fault';

export type Bytes = Uint8Array<ArrayBuffer>;

/** One new array holding all parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Equal length and content; running time depends on the length alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Character codes of the digits; a text put together from pieces would keep them all in memory. */
const digitCodes = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const piece = 4096;
const codes = new Uint8Array(2 * piece);

/** Lower-case hexadecimal, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length > piece) return toHex(bytes.subarray(0, piece)) + toHex(bytes.subarray(piece));
  for (let i = 0; i < bytes.length; i++) {
    codes[2 * i] = digitCodes[bytes[i]! >>> 4]!;
    codes[2 * i + 1] = digitCodes[bytes[i]! & 15]!;
  }
  // Without a spread, which makes an object for each digit.
  return Reflect.apply(String.fromCharCode, undefined, codes.subarray(0, 2 * bytes.length));
}

/** Of a digit 0-9, a-f or A-F by its character code. */
const valueOfDigit = (code: number): number => (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57);

/** The reverse of toHex; either case. Throws `hex-invalid`. */
export function fromHex(text: string, what = 'The text'): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new Fault('hex-invalid', { what });
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const [high, low] = [text.charCodeAt(2 * i), text.charCodeAt(2 * i + 1)];
    bytes[i] = (valueOfDigit(high) << 4) | valueOfDigit(low);
  }
  return bytes;
}

const encoder = new TextEncoder();
const shortTextAtMost = 128;

/**
 * UTF-8. Most texts are short labels in ASCII, for which a call of the encoder takes longer than the bytes.
 */
export function utf8(text: string): Bytes {
  if (text.length > shortTextAtMost) return encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return encoder.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** 32 bits, most significant byte first. */
export function u32be(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** 32 bits, least significant byte first. */
export function u32le(value: number): Bytes {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
