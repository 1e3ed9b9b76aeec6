// Signatures that left a chip, as numbers, and how a key follows from two of them.

import type { Bytes } from '@firmseal/bytes';
import { type OpenedCose, openCose } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { bytesOf, numberOf } from '../../device/agent/port/bearssl/test/numbers.ts';
import { hashNumber, inverse } from '../../device/agent/port/bearssl/test/rfc6979.ts';
import { order } from '../../device/agent/port/bearssl/test/vector-sources.ts';

export interface Signed extends OpenedCose {
  readonly r: bigint;
  /** Low: s of the computation, or the order less it. */
  readonly s: bigint;
  /** Of what was signed, modulo the order. */
  readonly hash: bigint;
}

/** Takes a signed object apart; whether it verifies is not looked at. Throws as openCose does. */
export function signedOf(object: Uint8Array, typ: string): Signed {
  const opened = openCose(object, typ);
  return {
    ...opened,
    r: numberOf(opened.signature.subarray(0, 32)),
    s: numberOf(opened.signature.subarray(32)),
    hash: hashNumber(opened.signatureInput),
  };
}

export const verifies = (publicKey: Uint8Array, { signatureInput, signature }: OpenedCose): boolean =>
  crypto.verifyEs256(publicKey, signatureInput, signature);

const modulo = (number: bigint) => ((number % order) + order) % order;

/** The nonce of a signature, or the order less it, by the private key; the lower of both. */
export function nonceBy(privateKey: Uint8Array, { r, s, hash }: Signed): bigint {
  const nonce = modulo((hash + numberOf(privateKey) * r) * inverse(s));
  return nonce < order - nonce ? nonce : order - nonce;
}

const both = ({ s }: Signed) => [s, order - s];

const keyIf = (publicKey: Uint8Array, x: bigint): Bytes | undefined => {
  const pair = crypto.p256FromPrivate(bytesOf(x));
  return pair !== undefined && Buffer.from(pair.publicKey).equals(publicKey) ? pair.privateKey : undefined;
};

/**
 * The private key from a right and a faulty signature of one message under one nonce, where the fault
 * changed r: s = a * h + b * r with a = 1 / k and b = x / k, twice, so b = (s - s') / (r - r').
 * Undefined when it does not follow.
 */
export function keyFromFault(publicKey: Uint8Array, right: Signed, wrong: Signed): Bytes | undefined {
  for (const s of both(right))
    for (const other of both(wrong)) {
      const b = modulo((s - other) * inverse(right.r - wrong.r));
      const a = modulo((s - b * right.r) * inverse(right.hash));
      const key = keyIf(publicKey, modulo(b * inverse(a)));
      if (key !== undefined) return key;
    }
  return undefined;
}
