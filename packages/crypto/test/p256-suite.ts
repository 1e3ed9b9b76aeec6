// Points, scalars and ECDH of an implementation of the interface.
// Known answers: NIST CAVP "ECC CDH Primitive", P-256 count 0; RFC 6979 A.2.5. Invalid points by hand.

import { concatBytes, fromHex, toHex } from '@firmseal/bytes';
import { describe, expect, test } from 'vitest';
import type { Crypto } from '../src/index.ts';

export function p256Suite(crypto: Crypto): void {
  const prime = fromHex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff');
  const order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const peer = fromHex(
    '04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287' +
      'db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac',
  );
  const scalar = fromHex('7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534');

  /** big-endian addition of a small number, for scalars and coordinates just past a bound */
  function plus(bytes: Uint8Array, addend: bigint): Uint8Array {
    return fromHex((BigInt(`0x${toHex(bytes)}`) + addend).toString(16).padStart(64, '0'));
  }

  const offCurve = Uint8Array.from(peer);
  offCurve[64]! ^= 1;
  const x = peer.subarray(1, 33);
  const y = peer.subarray(33);
  const invalidPoints: [string, Uint8Array][] = [
    ['off the curve', offCurve],
    ['infinity, one byte', Uint8Array.of(0)],
    ['infinity, padded', new Uint8Array(65)],
    ['(0, 0)', concatBytes(Uint8Array.of(4), new Uint8Array(64))],
    ['compressed', concatBytes(Uint8Array.of(2 + (y[31]! & 1)), x)],
    ['hybrid', concatBytes(Uint8Array.of(6 + (y[31]! & 1)), x, y)],
    ['without its first byte', concatBytes(x, y)],
    ['one byte short', peer.subarray(0, 64)],
    ['one byte long', concatBytes(peer, Uint8Array.of(0))],
    ['empty', new Uint8Array(0)],
    ['x = p', concatBytes(Uint8Array.of(4), prime, y)],
    // x = 0 is on the curve (y^2 = b), x = p is the same point written wrongly
    [
      'x = p, y = sqrt(b)',
      concatBytes(
        Uint8Array.of(4),
        prime,
        fromHex('66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4'),
      ),
    ],
  ];

  describe('points', () => {
    test('valid ones', () => {
      expect(crypto.isP256Point(peer)).toBe(true);
      const zeroX = concatBytes(
        Uint8Array.of(4),
        new Uint8Array(32),
        fromHex('66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4'),
      );
      expect(crypto.isP256Point(zeroX)).toBe(true);
    });

    test.each(invalidPoints)('refused: %s', (_, point) => {
      expect(crypto.isP256Point(point)).toBe(false);
      expect(crypto.ecdhP256(scalar, point)).toBeUndefined();
      expect(crypto.ephemeralEcdhP256(point)).toBeUndefined();
      expect(crypto.verifyEs256(point, new Uint8Array(3), new Uint8Array(64).fill(1))).toBe(false);
    });
  });

  describe('scalars', () => {
    test('give their public key (RFC 6979, A.2.5)', () => {
      const pair = crypto.p256FromPrivate(
        fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721'),
      );
      expect(pair && toHex(pair.publicKey)).toBe(
        '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
          '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
      );
    });

    test('1 and n-1 are in range; 0, n, n+1 and other sizes are not', () => {
      const one = plus(new Uint8Array(32), 1n);
      expect(crypto.p256FromPrivate(one)?.publicKey.length).toBe(65);
      expect(crypto.p256FromPrivate(plus(order, -1n))?.publicKey.length).toBe(65);
      for (const wrong of [
        new Uint8Array(32),
        order,
        plus(order, 1n),
        new Uint8Array(32).fill(0xff),
        one.subarray(1),
        concatBytes(Uint8Array.of(0), one),
        new Uint8Array(0),
      ]) {
        expect(crypto.p256FromPrivate(wrong)).toBeUndefined();
        expect(() => crypto.ecdhP256(wrong, peer)).toThrow(
          expect.objectContaining({ code: 'internal-error' }),
        );
        expect(() => crypto.signEs256(wrong, x)).toThrow(expect.objectContaining({ code: 'internal-error' }));
      }
    });

    test('the pair holds a copy', () => {
      const given = Uint8Array.from(scalar);
      const pair = crypto.p256FromPrivate(given)!;
      given.fill(0);
      expect(pair.privateKey).toEqual(scalar);
    });
  });

  test('ECDH gives the x coordinate (CAVP, count 0)', () => {
    expect(toHex(crypto.ecdhP256(scalar, peer)!)).toBe(
      '46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b',
    );
  });

  test('fresh pairs agree with each other, sizes fixed', () => {
    for (let i = 0; i < 20; i++) {
      const a = crypto.generateP256();
      const b = crypto.generateP256();
      expect([a.publicKey.length, a.privateKey.length]).toEqual([65, 32]);
      expect(a.privateKey).not.toEqual(b.privateKey);
      expect(crypto.ecdhP256(a.privateKey, b.publicKey)).toEqual(crypto.ecdhP256(b.privateKey, a.publicKey));
    }
  });

  test('a fresh key for one secret agrees with the other side, and is another each time', () => {
    const own = crypto.generateP256();
    const seen = Array.from({ length: 20 }, () => crypto.ephemeralEcdhP256(own.publicKey)!);
    for (const { publicKey, shared } of seen) {
      expect(publicKey.length).toBe(65);
      expect(crypto.ecdhP256(own.privateKey, publicKey)).toEqual(shared);
    }
    expect(new Set(seen.map(({ publicKey }) => toHex(publicKey))).size).toBe(20);
  });

  test('does not follow a private key that its owner overwrites', () => {
    const [first, second] = [crypto.generateP256(), crypto.generateP256()];
    const reused = Uint8Array.from(first.privateKey);
    const shared = () => crypto.ecdhP256(reused, peer);
    expect(shared()).toEqual(crypto.ecdhP256(first.privateKey, peer));
    reused.set(second.privateKey);
    expect(shared()).toEqual(crypto.ecdhP256(second.privateKey, peer));
    reused.fill(0);
    expect(shared).toThrow(expect.objectContaining({ code: 'internal-error' }));
  });
}
