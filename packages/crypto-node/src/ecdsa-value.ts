// A signature of ECDSA in its two forms: r || s, 64 bytes, as the formats have it, and the DER value
// SEQUENCE { INTEGER r, INTEGER s } (RFC 5480 appendix A) that node:crypto makes and
// takes in the shortest time.

import type { Bytes } from '@firmseal/bytes';

const halfSizeBytes = 32;
const integerTag = 0x02;

/** Writes one INTEGER in its shortest form; where the next value begins. */
function putInteger(into: Uint8Array, at: number, magnitude: Uint8Array): number {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const pad = magnitude[start]! >= 0x80 ? 1 : 0;
  const length = magnitude.length - start + pad;
  into[at] = integerTag;
  into[at + 1] = length;
  into.set(magnitude.subarray(start), at + 2 + pad);
  return at + 2 + length;
}

/** DER from r || s. */
export function toDer(signature: Uint8Array): Uint8Array {
  const der = new Uint8Array(2 + 2 * (3 + halfSizeBytes));
  const middle = putInteger(der, 2, signature.subarray(0, halfSizeBytes));
  const end = putInteger(der, middle, signature.subarray(halfSizeBytes));
  der[0] = 0x30;
  der[1] = end - 2;
  return der.subarray(0, end);
}

/** r || s from the DER value that OpenSSL has made. */
export function fromDer(der: Uint8Array): Bytes {
  const signature = new Uint8Array(2 * halfSizeBytes);
  let at = 2;
  for (const end of [halfSizeBytes, 2 * halfSizeBytes]) {
    const length = der[at + 1]!;
    const magnitude = der.subarray(at + 2 + Math.max(0, length - halfSizeBytes), at + 2 + length);
    signature.set(magnitude, end - magnitude.length);
    at += 2 + length;
  }
  return signature;
}
