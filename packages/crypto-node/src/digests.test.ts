import { createHash } from 'node:crypto';
import { toHex } from '@firmseal/bytes';
import { digestSuite } from '@firmseal/crypto/testing';
import { expect, test } from 'vitest';
import { nodeCrypto } from './node-crypto.ts';

digestSuite(nodeCrypto);

test('parts of any length are hashed as one message, and each digest is an array of its own', () => {
  const met: { digest: Uint8Array; due: string }[] = [];
  for (const length of [0, 1, 31, 55, 56, 64, 65, 262, 1023, 1024, 1025, 4096, 70_000])
    for (const cut of [0, 1, length >> 1, length]) {
      const message = nodeCrypto.randomBytes(length);
      const due = createHash('sha256').update(message).digest('hex');
      met.push({ digest: nodeCrypto.sha256(message), due });
      met.push({ digest: nodeCrypto.sha256(message.subarray(0, cut), message.subarray(cut)), due });
    }
  for (const { digest, due } of met) expect(toHex(digest)).toBe(due);
});
