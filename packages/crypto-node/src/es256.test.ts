import { utf8 } from '@firmseal/bytes';
import { es256Suite } from '@firmseal/crypto/testing';
import { expect, test } from 'vitest';
import { nodeCrypto } from './node-crypto.ts';

es256Suite(nodeCrypto);

test('more keys than are kept still verify', () => {
  const pairs = Array.from({ length: 300 }, () => nodeCrypto.generateP256());
  const message = utf8('message');
  const signatures = pairs.map(({ privateKey }) => nodeCrypto.signEs256(privateKey, message));
  for (let round = 0; round < 2; round++)
    for (const [i, { publicKey }] of pairs.entries())
      expect(nodeCrypto.verifyEs256(publicKey, message, signatures[i]!)).toBe(true);
});
