// AES-256-GCM of an implementation of the interface.
// Known answers: McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, cases 13, 14 and 16.

import { fromHex, toHex, utf8 } from '@firmseal/bytes';
import { expect, test } from 'vitest';
import type { Crypto } from '../src/index.ts';

export function aesGcmSuite(crypto: Crypto): void {
  const zeroKey = '00'.repeat(32);
  const zeroNonce = '00'.repeat(12);

  const cases = [
    {
      name: '13',
      key: zeroKey,
      nonce: zeroNonce,
      aad: '',
      plaintext: '',
      sealed: '530f8afbc74536b9a963b4f1c4cb738b',
    },
    {
      name: '14',
      key: zeroKey,
      nonce: zeroNonce,
      aad: '',
      plaintext: '00'.repeat(16),
      sealed: 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
    },
    {
      name: '16',
      key: 'feffe9928665731c6d6a8f9467308308'.repeat(2),
      nonce: 'cafebabefacedbaddecaf888',
      aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      plaintext:
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525' +
        'b16aedf5aa0de657ba637b39',
      sealed:
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838' +
        'c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    },
  ];

  test.each(cases)('seals and opens case $name', (c) => {
    const inputs = { key: fromHex(c.key), nonce: fromHex(c.nonce), aad: fromHex(c.aad) };
    const sealed = crypto.aes256GcmSeal({ ...inputs, plaintext: fromHex(c.plaintext) });
    expect(toHex(sealed)).toBe(c.sealed);
    expect(sealed.constructor).toBe(Uint8Array);
    const opened = crypto.aes256GcmOpen({ ...inputs, sealed });
    expect(opened && toHex(opened)).toBe(c.plaintext);
  });

  test('every flipped byte of ciphertext, tag, aad, nonce and key is refused', () => {
    const inputs = {
      key: fromHex('feffe9928665731c6d6a8f9467308308'.repeat(2)),
      nonce: fromHex('cafebabefacedbaddecaf888'),
      aad: utf8('header'),
    };
    const sealed = crypto.aes256GcmSeal({ ...inputs, plaintext: utf8('some plaintext') });
    const whole = { ...inputs, sealed };
    expect(crypto.aes256GcmOpen(whole)).toEqual(utf8('some plaintext'));
    let refused = 0;
    for (const name of ['key', 'nonce', 'aad', 'sealed'] as const) {
      for (let i = 0; i < whole[name].length; i++) {
        const changed = Uint8Array.from(whole[name]);
        changed[i]! ^= 1;
        expect(crypto.aes256GcmOpen({ ...whole, [name]: changed })).toBeUndefined();
        refused++;
      }
    }
    expect(refused).toBe(32 + 12 + 6 + 30);
    for (let length = 0; length < sealed.length; length++) {
      expect(crypto.aes256GcmOpen({ ...inputs, sealed: sealed.subarray(0, length) })).toBeUndefined();
    }
  });

  test('keys and nonces of another size are refused, not adapted', () => {
    const right = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: utf8(''), plaintext: utf8('x') };
    for (const wrong of [
      { key: new Uint8Array(16) },
      { nonce: new Uint8Array(16) },
      { nonce: new Uint8Array(8) },
    ]) {
      expect(() => crypto.aes256GcmSeal({ ...right, ...wrong })).toThrow(
        expect.objectContaining({ code: 'internal-error' }),
      );
      expect(() => crypto.aes256GcmOpen({ ...right, sealed: new Uint8Array(20), ...wrong })).toThrow(
        expect.objectContaining({ code: 'internal-error' }),
      );
    }
  });
}
