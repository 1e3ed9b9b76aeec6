// The example of README.md, run as it stands there.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { thumbprintOf } from './device.ts';

it('the example of the README', () => {
  const device = crypto.generateP256();
  const kem = crypto.generateP256();
  const thumbprint = thumbprintOf(crypto, device.publicKey, kem.publicKey); // 32 bytes: the device's name everywhere
  expect(thumbprint.length).toBe(32);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain('const thumbprint = thumbprintOf(crypto, device.publicKey, kem.publicKey);');
});
