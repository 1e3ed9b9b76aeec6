// The digest of a package's software bill of materials, from its manifest to what an audit lists: the license
// and the receipt of each chip name the manifest, which the package's signer signed.

import { type AuditedInstall, audit } from '@firmseal/audit';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { verifyProduct } from '../src/index.ts';
import { TestAuthority } from './running-authority.ts';

it('an audit lists the SBOM of what each chip holds', async () => {
  const authority = await TestAuthority.start();
  const sbomDigest = new Uint8Array(32).fill(0x5b);
  const [withOne, without] = [
    await authority.openJob({ seal: { sbomDigest } }),
    await authority.openJob({ seal: { securityCounter: 6 } }),
  ];
  for (const opened of [withOne, without]) await authority.install(opened, await authority.chip());
  const found = new Map<string, AuditedInstall>();
  const products = new Map([['pump', verifyProduct(crypto, authority.keys)]]);
  const onInstall = (install: AuditedInstall) => void found.set(install.job, install);
  expect((await audit(crypto, await authority.evidence(), { products, onInstall })).findings).toEqual([]);
  expect(found.get(withOne.job)).toMatchObject({ outcome: 'PASS', sbomDigest: '5b'.repeat(32) });
  expect(found.get(without.job)).not.toHaveProperty('sbomDigest');
  await authority.remove();
});
