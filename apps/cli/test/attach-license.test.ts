// `firmseal attach-license`: the new package carries the license and is unchanged otherwise; a
// license for another package is refused, and nothing that exists is replaced.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { thumbprintOf } from '@firmseal/formats';
import { inspectPackage, splitPackage } from '@firmseal/seal';
import { afterAll, expect, it } from 'vitest';
import { keyPair, makeLicense, makePackage } from '../../../device/agent/test/trusted-site.ts';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-attach-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

it('writes a package with the license inside', async () => {
  const [signing, kem] = [keyPair('a chip, signing').publicKey, keyPair('a chip, KEM').publicKey];
  const device = { kemKey: kem, thumbprint: thumbprintOf(crypto, signing, kem) };
  const sealed = await makePackage('stm32f427');
  const other = await makePackage('stm32f427', { core: { firmwareVersion: '2.0.0' } });
  const { bundle } = await makeLicense(sealed, device);
  writeFileSync(at('panel.seal'), sealed.file);
  writeFileSync(at('other.seal'), other.file);
  writeFileSync(at('chip.license'), bundle);
  const attach = (name: string, out: string) =>
    runHere(['attach-license', at(name), '--license', at('chip.license'), '--out', at(out)]);

  const { status, stdout } = await attach('panel.seal', 'app.seal');
  expect([status, stdout]).toEqual([0, expect.stringContaining('standing license')]);
  expect(stdout).toContain(Buffer.from(device.thumbprint).toString('hex'));
  const file = new Uint8Array(readFileSync(at('app.seal')));
  expect(splitPackage(file).header.license).toEqual(bundle);
  const report = inspectPackage(crypto, { file });
  expect(report).toMatchObject({ carriesLicense: true, checks: { records: 'ok' } });
  expect(report.manifestDigest).toBe(Buffer.from(sealed.manifestDigest).toString('hex'));

  expect((await attach('panel.seal', 'app.seal')).stderr).toContain('FS0952');
  const refused = await attach('other.seal', 'wrong.seal');
  expect(refused.stderr).toContain('FS0303');
  expect(refused.status).toBe(11);
});
