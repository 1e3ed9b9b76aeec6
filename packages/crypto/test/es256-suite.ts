// Signatures of an implementation of the interface.
// Known answers: RFC 6979 A.2.5 (P-256, SHA-256). Negatives in the manner of
// Wycheproof's ecdsa tests, by hand.

import { concatBytes, fromHex, toHex, utf8 } from '@firmseal/bytes';
import { describe, expect, test } from 'vitest';
import type { Crypto } from '../src/index.ts';

export function es256Suite(crypto: Crypto): void {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const bytesOf = (value: bigint) => fromHex(value.toString(16).padStart(64, '0'));
  const numberOf = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);

  const publicKey = fromHex(
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  );
  // "test": s is low as published. "sample": s is high as published, so it must be
  // refused and its mirror taken.
  const low = {
    r: 0xf1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367n,
    s: 0x019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083n,
  };
  const high = {
    r: 0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n,
    s: 0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n,
  };
  const verify = (message: string, r: bigint, s: bigint) =>
    crypto.verifyEs256(publicKey, utf8(message), concatBytes(bytesOf(r), bytesOf(s)));

  describe('verification', () => {
    test('takes the published low signature and the mirrored high one', () => {
      expect(verify('test', low.r, low.s)).toBe(true);
      expect(verify('sample', high.r, n - high.s)).toBe(true);
    });

    test('refuses a high s, whichever way it came about', () => {
      expect(verify('sample', high.r, high.s)).toBe(false);
      expect(verify('test', low.r, n - low.s)).toBe(false);
    });

    test.each([
      ['r = 0', 0n, low.s],
      ['s = 0', low.r, 0n],
      ['r = s = 0', 0n, 0n],
      ['r = n', n, low.s],
      ['s = n', low.r, n],
      ['r = n + 1', n + 1n, low.s],
      ['s = (n + 1) / 2', low.r, (n + 1n) / 2n],
      ['s = (n - 1) / 2', low.r, (n - 1n) / 2n],
      ['r = 2^256 - 1', 2n ** 256n - 1n, low.s],
      ['r = 1, s = 1', 1n, 1n],
      ['r and s exchanged', low.s, low.r],
    ])('refuses %s', (_, r, s) => {
      expect(verify('test', r, s)).toBe(false);
    });

    test('refuses another message, another key, another length, DER', () => {
      const signature = concatBytes(bytesOf(low.r), bytesOf(low.s));
      expect(verify('tesu', low.r, low.s)).toBe(false);
      const other = crypto.generateP256().publicKey;
      expect(crypto.verifyEs256(other, utf8('test'), signature)).toBe(false);
      expect(crypto.verifyEs256(publicKey, utf8('test'), signature.subarray(0, 63))).toBe(false);
      expect(crypto.verifyEs256(publicKey, utf8('test'), concatBytes(signature, Uint8Array.of(0)))).toBe(
        false,
      );
      expect(crypto.verifyEs256(publicKey, utf8('test'), new Uint8Array(0))).toBe(false);
      const der = fromHex(`3045022100${toHex(bytesOf(low.r))}0220${toHex(bytesOf(low.s))}`);
      expect(crypto.verifyEs256(publicKey, utf8('test'), der)).toBe(false);
    });

    test('refuses other forms of the right key', () => {
      const signature = concatBytes(bytesOf(low.r), bytesOf(low.s));
      const x = publicKey.subarray(1, 33);
      const parity = publicKey[64]! & 1;
      for (const form of [
        concatBytes(Uint8Array.of(6 + parity), publicKey.subarray(1)),
        concatBytes(Uint8Array.of(2 + parity), x),
        concatBytes(Uint8Array.of(2 + parity), x, new Uint8Array(32)),
        publicKey.subarray(1),
        concatBytes(publicKey, Uint8Array.of(0)),
      ]) {
        expect(crypto.verifyEs256(form, utf8('test'), signature)).toBe(false);
      }
    });

    test('does not follow a key array that its caller changes afterwards', () => {
      const signature = concatBytes(bytesOf(low.r), bytesOf(low.s));
      const reused = Uint8Array.from(publicKey);
      expect(crypto.verifyEs256(reused, utf8('test'), signature)).toBe(true);
      reused.set(crypto.generateP256().publicKey);
      expect(crypto.verifyEs256(reused, utf8('test'), signature)).toBe(false);
      reused.set(publicKey);
      expect(crypto.verifyEs256(reused, utf8('test'), signature)).toBe(true);
    });
  });

  test('signing gives 64 bytes with a low s that verify', () => {
    const { publicKey: key, privateKey } = crypto.generateP256();
    const halves = new Set<boolean>();
    for (let i = 0; i < 64; i++) {
      const message = utf8(`message ${i}`);
      const signature = crypto.signEs256(privateKey, message);
      expect(signature.constructor).toBe(Uint8Array);
      expect(signature.length).toBe(64);
      expect(numberOf(signature.subarray(32)) <= n / 2n).toBe(true);
      expect(crypto.verifyEs256(key, message, signature)).toBe(true);
      halves.add(numberOf(signature.subarray(32)) <= n / 4n);
    }
    expect(halves.size).toBe(2); // s is spread over its range: it was not forced to a constant
  });
}
