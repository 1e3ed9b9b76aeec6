// Digests, MACs and HKDF of an implementation of the interface.
// Known answers: FIPS 180-4 examples, RFC 4231, RFC 5869 appendix A.

import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { expect, test } from 'vitest';
import type { Crypto } from '../src/index.ts';

export function digestSuite(crypto: Crypto): void {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  test('SHA-256 of one part, of several, and in pieces is the same', () => {
    expect(toHex(crypto.sha256(utf8('abc')))).toBe(abc);
    expect(toHex(crypto.sha256(utf8('a'), utf8(''), utf8('bc')))).toBe(abc);
    const hasher = crypto.createSha256();
    hasher.update(utf8('ab'));
    hasher.update(utf8('c'));
    expect(toHex(hasher.digest())).toBe(abc);
    expect(() => hasher.update(utf8('d'))).toThrow();
    expect(toHex(crypto.sha256())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  test('digests are plain Uint8Array, not Buffer', () => {
    expect(crypto.sha256(utf8('abc')).constructor).toBe(Uint8Array);
    expect(crypto.hmacSha256(utf8('k'), utf8('m')).constructor).toBe(Uint8Array);
    expect(crypto.randomBytes(8).constructor).toBe(Uint8Array);
  });

  test('HMAC-SHA-256 (RFC 4231, case 2)', () => {
    const tag = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(toHex(crypto.hmacSha256(utf8('Jefe'), utf8('what do ya want '), utf8('for nothing?')))).toBe(tag);
    const hasher = crypto.createHmacSha256(utf8('Jefe'));
    hasher.update(utf8('what do ya want for nothing?'));
    expect(toHex(hasher.digest())).toBe(tag);
  });

  const range = (first: number, last: number) =>
    Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i);

  test.each([
    {
      name: 'A.1',
      ikm: new Uint8Array(22).fill(0x0b),
      salt: range(0x00, 0x0c),
      info: range(0xf0, 0xf9),
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      name: 'A.2',
      ikm: range(0x00, 0x4f),
      salt: range(0x60, 0xaf),
      info: range(0xb0, 0xff),
      okm:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      name: 'A.3',
      ikm: new Uint8Array(22).fill(0x0b),
      salt: new Uint8Array(0),
      info: new Uint8Array(0),
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('HKDF-SHA-256 (RFC 5869, $name)', ({ ikm, salt, info, okm }) => {
    expect(toHex(crypto.hkdfSha256({ ikm, salt, info, length: fromHex(okm).length }))).toBe(okm);
  });
}
