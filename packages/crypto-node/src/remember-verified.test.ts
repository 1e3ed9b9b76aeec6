// Signatures that are remembered (@firmseal/crypto): the answer is the same as without the memory.

import { utf8 } from '@firmseal/bytes';
import { rememberVerified } from '@firmseal/crypto';
import { es256Suite } from '@firmseal/crypto/testing';
import { expect, test } from 'vitest';
import { nodeCrypto } from './node-crypto.ts';

es256Suite(rememberVerified(nodeCrypto));

/** A memory of two, and what was asked of the cryptography behind it. */
function counted() {
  let asked = 0;
  const counting: typeof nodeCrypto = {
    ...nodeCrypto,
    verifyEs256: (...inputs) => {
      asked++;
      return nodeCrypto.verifyEs256(...inputs);
    },
  };
  const crypto = rememberVerified(counting, 2);
  return { crypto, asked: () => asked };
}

const pair = nodeCrypto.generateP256();
const signed = ['one', 'two', 'three', 'four', 'five'].map((text) => {
  const message = utf8(text);
  return { message, signature: nodeCrypto.signEs256(pair.privateKey, message) };
});

test('what held is not verified again, as long as the memory reaches', () => {
  const { crypto, asked } = counted();
  const verify = (i: number) => crypto.verifyEs256(pair.publicKey, signed[i]!.message, signed[i]!.signature);
  for (const i of [0, 1, 0, 1]) expect(verify(i)).toBe(true);
  expect(asked()).toBe(2);
  expect([verify(2), asked()]).toEqual([true, 3]);
  expect([verify(1), asked()]).toEqual([true, 3]); // met again, which keeps it longer than the first
  expect([verify(3), asked()]).toEqual([true, 4]);
  expect([verify(1), asked()]).toEqual([true, 4]);
  expect([verify(0), asked()]).toEqual([true, 5]);
});

test('any changed bit of key, message or signature is verified, and what does not hold always', () => {
  const { crypto, asked } = counted();
  const { message, signature } = signed[0]!;
  expect(crypto.verifyEs256(pair.publicKey, message, signature)).toBe(true);
  const flipped = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at]! ^ 1);
  for (const round of [1, 2]) {
    for (let at = 0; at < message.length; at++)
      expect(crypto.verifyEs256(pair.publicKey, flipped(message, at), signature)).toBe(false);
    for (let at = 0; at < 64; at += 9)
      expect(crypto.verifyEs256(pair.publicKey, message, flipped(signature, at))).toBe(false);
    for (let at = 0; at < 65; at += 8)
      expect(crypto.verifyEs256(flipped(pair.publicKey, at), message, signature)).toBe(false);
    expect(asked()).toBe(1 + round * (message.length + 8 + 9));
  }
  expect(crypto.verifyEs256(pair.publicKey, message, signature)).toBe(true);
});
