import { fromHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import { knownTestKeys, refuseKnownTestKeys } from './known-test-keys.ts';

test.each(knownTestKeys)('refuses the key of $from', ({ publicKey }) => {
  expect(publicKey.length === 64 || crypto.isP256Point(fromHex(publicKey))).toBe(true);
  expect(() => refuseKnownTestKeys(fromHex(publicKey))).toThrow(
    expect.objectContaining({ code: 'key-known-test', fields: { publicKey } }),
  );
});

test('lets a fresh key pass', () => {
  refuseKnownTestKeys(crypto.generateP256().publicKey);
  expect(knownTestKeys.length).toBeGreaterThan(0);
});
