import { utf8 } from '@firmseal/bytes';
import { es256Suite } from '@firmseal/crypto/testing';
import { expect, test } from 'vitest';
import { nodeCrypto } from './node-crypto.ts';

es256Suite(nodeCrypto);

test('more keys than are kept still verify', () => {
  const pairs = Array.from({ length: 300 }, () => nodeCrypto.generateP256());
  const message = utf8('message');
  const signatures = pairs.map(({ privateKey }) => nodeCrypto.signEs256(privateKey, message));
  // So often that they get and lose a lasting place.
  for (let round = 0; round < 2; round++)
    for (const [i, { publicKey }] of pairs.entries()) {
      const [other, times] = [signatures[(i + 1) % pairs.length]!, i % 10 === 0 ? 5 : 1];
      for (let n = 0; n < times; n++)
        expect(nodeCrypto.verifyEs256(publicKey, message, signatures[i]!)).toBe(true);
      if (times > 1) expect(nodeCrypto.verifyEs256(publicKey, message, other)).toBe(false);
    }
});
