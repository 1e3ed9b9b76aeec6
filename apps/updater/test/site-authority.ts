// The authority of the owner of site.ts, as it serves on a loopback port: jobs of mode update for the
// packages of the site, what an owner does with them, and its end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, createToken, openSqliteStore, serveAuthority } from '@firmseal/authority';
import { AuthorityClient } from '@firmseal/authority-client';
import { type Bytes, fromHex, Secret, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { sealContentKey } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import {
  delegate,
  keyPair,
  product,
  root,
  signerOf,
  type TestPackage,
} from '../../../device/agent/test/trusted-site.ts';

/** What a page of a job is built with. */
export interface OfferedJob {
  readonly url: string;
  readonly job: string;
  readonly token: string;
}

export interface SiteAuthority {
  openJob(sealed: TestPackage, quota: number): Promise<OfferedJob>;
  roll(job: string, change: { percent?: number; halted?: boolean; origins?: string[] }): Promise<void>;
  stopDevice(thumbprint: Bytes): Promise<void>;
  /** Units taken, and receipts by their outcome. */
  count(job: string): Promise<{ units: number; outcomes: unknown }>;
  end(): Promise<void>;
}

export async function startSiteAuthority(): Promise<SiteAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-site-authority-'));
  const store = openSqliteStore({ path: join(folder, 'authority.sqlite'), crypto });
  const kem = keyPair('authority, KEM');
  const issuer = signerOf('license issuer');
  const authority = await createAuthority({
    ...{ store, crypto },
    kem: { publicKey: kem.publicKey, ecdh: async (point) => crypto.ecdhP256(kem.privateKey, point) },
    products: [
      {
        ...{ product, rootPublicKey: root.publicKey },
        issuer: { publicKey: issuer.publicKey, sign: async (message) => issuer.sign(message) },
        issuerDelegation: await delegate('license-issuer', 'license issuer'),
        deviceCaDelegations: [await delegate('device-ca', 'device CA')],
      },
    ],
  });
  const server = await serveAuthority({ authority });
  const { token } = await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' });
  const owner = new AuthorityClient({
    ...{ address: server.url, token: new Secret(utf8(token)), clock: systemClock },
  });
  return {
    async openJob({ headerBytes, contentKey, manifestDigest }, quota) {
      const contentKeyFile = sealContentKey(crypto, {
        ...{ contentKey, manifestDigest, authorityKemKey: kem.publicKey },
      });
      const order = { header: headerBytes, contentKeyFile, quota, mode: 'update' } as const;
      const { job } = await owner.call('openJob', order);
      await owner.call('approveJob', { job });
      const line = await owner.call('createLineToken', { job, label: 'page' });
      return { url: server.url, job: toHex(job), token: line.token };
    },
    async roll(job, change) {
      await owner.call('setRollout', { job: fromHex(job), ...change });
    },
    async stopDevice(thumbprint) {
      await owner.call('setStop', { kind: 'device', name: toHex(thumbprint), reason: 'reported stolen' });
    },
    async count(job) {
      const { units, outcomes } = await owner.call('showJob', { job: fromHex(job) });
      return { units, outcomes };
    },
    async end() {
      await server.stop(0);
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
