import { fromHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { describe, expect, test } from 'vitest';
import { webEd25519 } from './ed25519.ts';

describe('Ed25519', () => {
  test('takes the signature of RFC 8032 section 7.1, test 3', () => {
    const publicKey = fromHex('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025');
    const signature = fromHex(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    );
    expect(webEd25519.verifyEd25519(publicKey, fromHex('af82'), signature)).toBe(true);
    expect(webEd25519.verifyEd25519(publicKey, fromHex('af83'), signature)).toBe(false);
  });

  test('says of every changed byte, and of other lengths, what node:crypto says', () => {
    const { publicKey, privateKey } = nodeCrypto.generateEd25519();
    const message = utf8('message');
    const signature = nodeCrypto.signEd25519(privateKey, message);
    const both = (key: Uint8Array, bytes: Uint8Array): boolean => {
      const said = webEd25519.verifyEd25519(key, message, bytes);
      expect(said).toBe(nodeCrypto.verifyEd25519(key, message, bytes));
      return said;
    };
    expect(both(publicKey, signature)).toBe(true);
    for (let at = 0; at < 64; at++)
      expect(both(publicKey, signature.with(at, signature[at]! ^ (1 << (at % 8))))).toBe(false);
    for (let at = 0; at < 32; at += 5)
      expect(both(publicKey.with(at, publicKey[at]! ^ 1), signature)).toBe(false);
    // The order of the group added to the scalar: the same signature in another form.
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
    const high = signature.slice();
    let carry = 0;
    for (let i = 0; i < 32; i++) {
      const sum = high[32 + i]! + order[i]! + carry;
      high[32 + i] = sum & 0xff;
      carry = sum >> 8;
    }
    expect(both(publicKey, high)).toBe(false);
    expect(both(publicKey.slice(1), signature)).toBe(false);
    expect(both(publicKey, signature.slice(1))).toBe(false);
    expect(both(new Uint8Array(32), new Uint8Array(64))).toBe(false);
  });
});
