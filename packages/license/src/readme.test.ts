// The example of README.md, run as it stands there.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { expect, it } from 'vitest';
import {
  issuerDelegation as delegation,
  device,
  filled,
  manifest,
  kem as recipient,
  root,
  sealed,
  issuer as signer,
  terms,
} from '../test/licensed-chip.ts';
import { makeLicenseBundle } from './bundle.ts';
import { issueLicense } from './issue-license.ts';
import { checkLicenseForChip, openLicense, verifyLicense } from './verify-license.ts';

const { kemKey, thumbprint, product } = device;
const { contentKey } = sealed;
const { publicKey: rootPublicKey } = root;
const deviceData = [filled(32, 1)];
const epoch = 1;
const nonce = terms.nonce!;

it('the example of the README', async () => {
  const license = await issueLicense(crypto, { terms, kemKey, contentKey, deviceData, signer });
  const bundle = makeLicenseBundle({ license, delegation });

  const verified = verifyLicense(crypto, { bundle, rootPublicKey, product, epoch });
  checkLicenseForChip(verified, { manifest, thumbprint, nonce });
  const opened = openLicense(crypto, { license: verified, manifest, recipient });

  expect(opened.deviceData).toEqual(deviceData);
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  expect(source.replaceAll(/\s+/g, ' ')).toContain(example!.trim().replaceAll(/\s+/g, ' '));
});
