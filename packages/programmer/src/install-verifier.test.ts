// What the station refuses before it bothers chip or authority, and which receipts it believes.

import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { beforeAll, expect, test } from 'vitest';
import { type Bench, createBench } from '../test/bench.ts';
import { makeBundle } from '../test/model-authority.ts';
import { ModelChip } from '../test/model-chip.ts';
import type { KnownLicense } from './verifier.ts';

let bench: Bench<ModelChip>;
const chip = new ModelChip({ name: 'chip' });
beforeAll(async () => {
  bench = await createBench({ usb: chip });
  await bench.run();
});

const bundleWith = async (change: object, manifest = bench.sealed.manifest) => {
  const { bundle } = await makeBundle({
    terms: { ...bench.authority.licenses[0]!.terms, ...change },
    ...{ manifest, kemKey: chip.device.kemKey, contentKey: bench.contentKey },
  });
  return bundle;
};
const fault = (code: string) => expect.objectContaining({ code });

test('a license for this chip and package has its terms', async () => {
  const [{ terms }] = bench.authority.licenses as [KnownLicense];
  const { thumbprint } = chip.device;
  expect(bench.verifier.license(await bundleWith({}), thumbprint).terms).toEqual(terms);
});

test('a license for another package or another chip', async () => {
  const other = crypto.randomBytes(32);
  const [forPackage, forChip] = [
    await bundleWith({}, { ...bench.sealed.manifest, digest: other }),
    await bundleWith({ thumbprint: other }),
  ];
  const { thumbprint } = chip.device;
  expect(() => bench.verifier.license(forPackage, thumbprint)).toThrow(fault('license-manifest-wrong'));
  expect(() => bench.verifier.license(forChip, thumbprint)).toThrow(fault('license-device-wrong'));
});

test('a receipt without challenge counts only with the license whose nonce it answers', async () => {
  const receipt = await chip.receipt();
  const answer = { certificate: chip.certificate, hello: new Uint8Array(0) };
  const question = { receipt, answer, mustBeKnown: false };
  const known = bench.verifier.receipt({ ...question, licenses: bench.authority.licenses });
  expect(known).toMatchObject({ fresh: false, licenseKnown: true });
  expect(() => bench.verifier.receipt({ ...question, licenses: [] })).toThrow(fault('receipt-license-wrong'));
});

test('a fresh receipt of an unknown license is marked as such, and refused where a license was sent', async () => {
  const challenge = crypto.randomBytes(32);
  const receipt = await chip.receipt(challenge);
  const answer = { certificate: chip.certificate, hello: new Uint8Array(0) };
  const question = { receipt, answer, licenses: [], challenge };
  expect(bench.verifier.receipt({ ...question, mustBeKnown: false })).toMatchObject({ licenseKnown: false });
  expect(() => bench.verifier.receipt({ ...question, mustBeKnown: true })).toThrow(
    fault('receipt-license-wrong'),
  );
});
