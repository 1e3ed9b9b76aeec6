// ES256 with the nonce of RFC 6979, so that the same vectors come out of every run of the generator. For
// vectors alone: the arithmetic on bigints is not constant in time.

import { type Bytes, concatBytes, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';

/** Order of P-256 (SEC 2 version 2, section 2.4.2). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const toInteger = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);
const toBytes = (value: bigint): Bytes => fromHex(value.toString(16).padStart(64, '0'));

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base % order, e = exponent; e > 0n; e >>= 1n, b = (b * b) % order)
    if (e & 1n) result = (result * b) % order;
  return result;
}

/** Candidates for the nonce, RFC 6979 section 3.2, for SHA-256 and a group of 256 bits. */
function* nonces(privateKey: Uint8Array, hash: Uint8Array): Generator<bigint> {
  const seed = concatBytes(privateKey, toBytes(toInteger(hash) % order));
  let value: Bytes = new Uint8Array(32).fill(1);
  let key: Bytes = new Uint8Array(32);
  for (const step of [0, 1]) {
    key = crypto.hmacSha256(key, value, Uint8Array.of(step), seed);
    value = crypto.hmacSha256(key, value);
  }
  for (;;) {
    value = crypto.hmacSha256(key, value);
    const candidate = toInteger(value);
    if (candidate > 0n && candidate < order) yield candidate;
    key = crypto.hmacSha256(key, value, Uint8Array.of(0));
    value = crypto.hmacSha256(key, value);
  }
}

/** r || s over the message; `highS` gives the other signature of the pair, which every reader must refuse. */
export function signDeterministic(privateKey: Uint8Array, message: Uint8Array, highS = false): Bytes {
  const hash = crypto.sha256(message);
  for (const nonce of nonces(privateKey, hash)) {
    const point = crypto.p256FromPrivate(toBytes(nonce))!.publicKey;
    const r = toInteger(point.subarray(1, 33)) % order;
    const inverse = power(nonce, order - 2n);
    const s = (inverse * (toInteger(hash) + r * toInteger(privateKey))) % order;
    if (r === 0n || s === 0n) continue;
    const isHigh = s > order / 2n;
    return concatBytes(toBytes(r), toBytes(isHigh === highS ? s : order - s));
  }
  throw new Error('unreachable: the nonces do not end');
}
