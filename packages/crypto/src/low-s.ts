// Signatures on P-256 have two forms, (r, s) and (r, n - s). The formats take the one with s at most half the
// group's order (spec/encoding.md, section 2); libraries and tokens give either.

import { type Bytes, fromHex } from '@firmseal/bytes';

// Order n of the group and floor(n / 2), SEC 2 section 2.4.2, big-endian.
const order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const halfOrder = fromHex('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8');

const halfSizeBytes = 32;

/** Of a signature r || s, 64 bytes, big-endian. */
export function hasHighS(signature: Uint8Array): boolean {
  for (let i = 0; i < halfSizeBytes; i++) {
    const byte = signature[halfSizeBytes + i]!;
    if (byte !== halfOrder[i]) return byte > halfOrder[i]!;
  }
  return false;
}

/**
 * The same signature with low s, in place. s is in 1..n-1, so the difference neither borrows out nor is zero.
 */
export function lowS(signature: Bytes): Bytes {
  if (!hasHighS(signature)) return signature;
  let borrow = 0;
  for (let i = halfSizeBytes - 1; i >= 0; i--) {
    const difference = order[i]! - signature[halfSizeBytes + i]! - borrow;
    borrow = difference < 0 ? 1 : 0;
    signature[halfSizeBytes + i] = difference; // modulo 256
  }
  return signature;
}
