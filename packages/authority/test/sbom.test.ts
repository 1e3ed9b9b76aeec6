// The digest of a package's software bill of materials, from its manifest to what audit and owner see: the
// license and the receipt of each chip name the manifest, which the package's signer signed.

import { type AuditedInstall, audit } from '@firmseal/audit';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import { verifyProduct } from '../src/index.ts';
import { TestAuthority } from './running-authority.ts';

it('an audit, the units of a job and a search list the SBOM of what each chip holds', async () => {
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

  const units = async ({ job }: { job: string }) =>
    (await authority.asOwner('GET', `/v1/jobs/${job}/units`)).body.units;
  expect(await units(withOne)).toMatchObject([{ install: { sbomDigest: '5b'.repeat(32) } }]);
  expect((await units(without))[0].install).not.toHaveProperty('sbomDigest');
  const { body } = await authority.asOwner('GET', '/v1/units?product=pump');
  const newest = new Map(body.units.map((one: { job: string; newest: object }) => [one.job, one.newest]));
  expect(newest.get(withOne.job)).toMatchObject({ sbomDigest: '5b'.repeat(32) });
  expect(newest.get(without.job)).not.toHaveProperty('sbomDigest');
  await authority.remove();
});
