// ECDSA on P-256 with the nonces of RFC 6979, written a second time to compare with: section 3.2 without
// additional input, section 3.6 with it. Numbers are BigInt: slow, and not constant in time.

import { createHmac, hash } from 'node:crypto';
import { type Bytes, concatBytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { bytesOf, numberOf } from './numbers.ts';
import { order } from './vector-sources.ts';

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(
    createHmac('sha256', key)
      .update(concatBytes(...parts))
      .digest(),
  );

/** h of section 2.4 as a number: SHA-256 of the message modulo the order. */
export const hashNumber = (message: Uint8Array): bigint =>
  numberOf(Uint8Array.from(hash('sha256', message, 'buffer'))) % order;

/** k of section 3.2; `additional` is k' of section 3.6. */
export function nonceOf(
  key: Uint8Array,
  message: Uint8Array,
  additional: Uint8Array = new Uint8Array(0),
): bigint {
  const seed = concatBytes(key, bytesOf(hashNumber(message)), additional);
  let k: Uint8Array = new Uint8Array(32);
  let v: Uint8Array = new Uint8Array(32).fill(1);
  for (const round of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(round), seed);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const nonce = numberOf(v);
    if (nonce > 0n && nonce < order) return nonce;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}

/** base to the power of the exponent modulo the order. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base % order, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % order;
    square = (square * square) % order;
  }
  return result;
}

/** The inverse modulo the order. */
export const inverse = (number: bigint): bigint => power(((number % order) + order) % order, order - 2n);

/** r || s under a nonce; s as it comes out, perhaps high. */
export function signatureUnder(key: Uint8Array, message: Uint8Array, nonce: bigint): Bytes {
  const { publicKey } = nodeCrypto.p256FromPrivate(bytesOf(nonce))!;
  const r = numberOf(publicKey.subarray(1, 33)) % order;
  const s = (inverse(nonce) * (hashNumber(message) + numberOf(key) * r)) % order;
  return concatBytes(bytesOf(r), bytesOf(s));
}
