// Base64url without padding (RFC 4648 section 5), the form of bytes in the project's JSON.

import type { Bytes } from './bytes.ts';

/** More arguments than this at once exceed the stack of some engines. */
const pieceSizeBytes = 8192;

export function toBase64url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += pieceSizeBytes)
    binary += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + pieceSizeBytes));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The last letter of a text of this length modulo 4 has bits that no byte holds: they have to be 0. */
const lastLetters: Readonly<Record<number, RegExp>> = { 0: /^/, 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ };

/** The bytes; undefined when the text is not the one encoding that they have. */
export function fromBase64url(text: string): Bytes | undefined {
  const last = lastLetters[text.length % 4];
  if (last === undefined || !/^[A-Za-z0-9_-]*$/.test(text) || !last.test(text)) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
