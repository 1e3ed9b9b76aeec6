// The example of README.md, run on the evidence of a real authority.

import { TestAuthority } from '@firmseal/authority/testing';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, test } from 'vitest';
import { audit } from './index.ts';

test('the example', async () => {
  const authority = await TestAuthority.start();
  const opened = await authority.openJob();
  const { head } = await authority.audit();
  await authority.install(opened, await authority.chip());
  const { root, deviceCa } = authority.owner;
  const [product, rootPublicKey, deviceCaKeys] = ['pump', root.publicKey, [deviceCa.publicKey]];
  const lines = await authority.evidence();
  await authority.remove();
  const shown: unknown[] = [];
  const console = { log: (...values: unknown[]) => shown.push(values) };

  const trust = { product, rootPublicKey, deviceCaKeys };
  const result = await audit(crypto, lines, {
    products: new Map([[product, trust]]),
    known: [head], // of the audit before this one: only that reveals a replaced database
    onInstall: ({ thumbprint, firmwareVersion, outcome }) =>
      console.log(thumbprint, firmwareVersion, outcome),
  });
  for (const { code, subject, detail } of result.findings) console.log(code, subject, detail);

  expect(result).toMatchObject({ ok: true, notices: [], jobs: [{ installed: 1 }] });
  expect(shown).toEqual([[expect.stringMatching(/^[0-9a-f]{64}$/), '1.2.3', 'PASS']]);
});
