// The example of README.md, run as it stands there.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { root } from '@firmseal/seal/testing';
import { expect, it } from 'vitest';
import {
  issuerDelegation as delegation,
  device,
  filled,
  manifest,
  kem as recipient,
  sealed,
  issuer as signer,
  issued as terms,
} from '../test/licensed-chip.ts';
import { makeLicenseBundle } from './bundle.ts';
import { issueLicense } from './issue-license.ts';
import { checkLicenseForChip, openLicense, verifyLicense } from './verify-license.ts';

const { kemKey, thumbprint, product, origin } = device;
const { contentKey } = sealed;
const { publicKey: rootPublicKey } = root;
const deviceData = [filled(32, 1)];
const epoch = 1;
const nonce = terms.nonce!;

it('the example of the README', async () => {
  const inputs = { terms, manifest, kemKey, contentKey, deviceData, signer };
  const { license } = await issueLicense(crypto, inputs);
  const bundle = makeLicenseBundle({ license, delegation });

  const verified = verifyLicense(crypto, { bundle, rootPublicKey, product, epoch });
  checkLicenseForChip(verified, { manifest, thumbprint, origin, nonce, unwraps: 0 });
  const opened = openLicense(crypto, { license: verified, manifest, recipient });

  expect(opened.deviceData).toEqual(deviceData);
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});
