// The suites that node:crypto passes, and the same answers as the WebCrypto of this process.

import { concatBytes, utf8 } from '@firmseal/bytes';
import { aesGcmSuite, digestSuite, es256Suite, p256Suite } from '@firmseal/crypto/testing';
import { describe, expect, test } from 'vitest';
import { webCrypto } from './web-crypto.ts';

describe('digests', () => digestSuite(webCrypto));
describe('AES-256-GCM', () => aesGcmSuite(webCrypto));
describe('ES256', () => es256Suite(webCrypto));
describe('P-256', () => p256Suite(webCrypto));

const { subtle } = globalThis.crypto;
const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const algorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

describe('against WebCrypto', () => {
  test('digests of every length up to two blocks', async () => {
    for (let length = 0; length <= 130; length++) {
      const bytes = webCrypto.randomBytes(length);
      expect(webCrypto.sha256(bytes)).toEqual(new Uint8Array(await subtle.digest('SHA-256', bytes)));
    }
  });

  test('each takes the signatures of the other, and none with a bit changed', async () => {
    const pair = await subtle.generateKey(curve, true, ['sign', 'verify']);
    const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
    const own = webCrypto.generateP256();
    const imported = await subtle.importKey('raw', own.publicKey, curve, true, ['verify']);
    let taken = 0;
    for (let i = 0; i < 12; i++) {
      const message = utf8(`message ${i}`);
      const signature = webCrypto.signEs256(own.privateKey, message);
      expect(await subtle.verify(algorithm, imported, signature, message)).toBe(true);
      signature[i * 5]! ^= 1 << (i % 8);
      expect(await subtle.verify(algorithm, imported, signature, message)).toBe(false);
      expect(webCrypto.verifyEs256(own.publicKey, message, signature)).toBe(false);
      // WebCrypto makes a high s half of the time, and firmseal takes none.
      const theirs = new Uint8Array(await subtle.sign(algorithm, pair.privateKey, message));
      const isLow = theirs[32]! < 0x7f;
      if (isLow) expect(webCrypto.verifyEs256(publicKey, message, theirs)).toBe(true);
      if (theirs[32]! > 0x80) expect(webCrypto.verifyEs256(publicKey, message, theirs)).toBe(false);
      if (isLow) taken++;
    }
    expect(taken).toBeGreaterThan(0);
  });

  test('AES-256-GCM opens what WebCrypto sealed', async () => {
    const [key, nonce, aad] = [webCrypto.randomBytes(32), webCrypto.randomBytes(12), utf8('header')];
    const plaintext = webCrypto.randomBytes(100);
    const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
    const parameters = { name: 'AES-GCM', iv: nonce, additionalData: aad };
    const sealed = new Uint8Array(await subtle.encrypt(parameters, imported, plaintext));
    expect(webCrypto.aes256GcmOpen({ key, nonce, aad, sealed })).toEqual(plaintext);
    expect(webCrypto.aes256GcmSeal({ key, nonce, aad, plaintext })).toEqual(sealed);
  });
});

test('more random bytes than WebCrypto gives at once, none left out', () => {
  const bytes = webCrypto.randomBytes(200_000);
  const tail = bytes.subarray(190_000);
  expect(concatBytes(tail).some((byte) => byte !== 0)).toBe(true);
  expect(new Set(bytes.subarray(65_536, 70_000)).size).toBe(256);
});
