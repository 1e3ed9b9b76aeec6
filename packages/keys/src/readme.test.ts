// The example of README.md, run; and the passphrase hash against RFC 7914, section 12.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import { createKeyFile, findPassphrase, openKeyFile, signerOf } from './index.ts';
import { passphraseKey } from './passphrase-key.ts';

test('the example', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'firmseal-keys-'));
  const path = join(folder, 'root.key');
  const message = utf8('message');

  const passphrase = await findPassphrase({ environment: { FIRMSEAL_PASSPHRASE: 'example' } });
  if (!passphrase) throw new Error('FIRMSEAL_PASSPHRASE was set');
  const { publicKey } = await createKeyFile(crypto, { path, role: 'root', passphrase, now: new Date(0) });

  const key = await openKeyFile(crypto, { path, passphrase, role: 'root' });
  const signature = await signerOf(crypto, key).sign(message);
  key.close();

  expect(crypto.verifyEs256(publicKey, message, signature)).toBe(true);
  await rm(folder, { recursive: true });
});

test('scrypt (RFC 7914, section 12, the second vector, its first 32 bytes)', async () => {
  const key = await passphraseKey({
    passphrase: new Secret(utf8('password')),
    salt: utf8('NaCl'),
    cost: { n: 1024, r: 8, p: 16 },
  });
  expect(toHex(key)).toBe('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162');
});
