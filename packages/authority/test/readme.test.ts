// The example of README.md, run as it stands there.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthorityClient } from '@firmseal/authority-client';
import { Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { systemClock } from '@firmseal/link';
import { expect, it } from 'vitest';
import { createAuthority, createToken, openSqliteStore, serveAuthority } from '../src/index.ts';
import { Owner, unwrapperOf } from './owner.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-readme-'));
const path = join(folder, 'authority.db');
const owner = new Owner();
const productKeys = await owner.productKeys();
const kem = unwrapperOf(owner.kem);

it('the example of the README', async () => {
  const store = openSqliteStore({ path, crypto });
  const authority = await createAuthority({ store, crypto, kem, products: [productKeys] });
  const { token } = await createToken(authority, { scope: 'owner', label: 'first owner', by: 'local' });
  const running = await serveAuthority({ authority }); // 127.0.0.1, a free port
  const client = new AuthorityClient({
    address: running.url,
    token: new Secret(utf8(token)),
    clock: systemClock,
  });
  const { jobs } = await client.call('listJobs', {});
  await running.stop();
  await store.close();

  expect(jobs).toEqual([]);
  await expect(fetch(`${running.url}/v1/health`)).rejects.toThrow();
  rmSync(folder, { recursive: true });
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});
