// What ends a key, and what takes the place of the root, as a chip meets it: spec/delegation.md sections 1, 3
// and 4, on the agent's WebAssembly build.

import type { Bytes } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeEpochStatement, makeSuccession } from '@firmseal/formats';
import { splitPackage } from '@firmseal/seal';
import { expect, it } from 'vitest';
import { personalizedLine } from './line.ts';
import { delegate, keyPair, makeLicense, makePackage, product, root, signerOf } from './trusted-site.ts';

const chipId = 'stm32f427';
const signerAt = (epoch: number) => delegate('package-signer', 'package signer', { epoch });
const issuerAt = (epoch: number) => delegate('license-issuer', 'license issuer', { epoch });
const statementOf = (epoch: number) => makeEpochStatement(crypto, root, { product, epoch });

/** The header of a package with another delegation and without what travelled beside it. */
function headerWith(file: Bytes, delegation: Bytes, successions: readonly Bytes[] = []): Bytes {
  const { manifest } = splitPackage(file).header;
  return encodeCbor([manifest, delegation, null, [...successions], null]);
}

it('a delegation of the next epoch ends the previous one, though nobody sends the statement', async () => {
  const line = await personalizedLine(chipId, 1);
  const old = await makePackage(chipId);
  line.package(old);
  line.package(await makePackage(chipId, { delegation: await signerAt(2) }));
  line.chip.reset();
  expect(line.hello().epoch).toBe(2);
  expect(line.try(0x20, old.headerBytes).status).toBe('delegation-revoked');
});

it('the same package lives on under the same grant of the next epoch', async () => {
  const line = await personalizedLine(chipId, 1);
  const { file } = await makePackage(chipId);
  expect(line.try(0x20, headerWith(file, await signerAt(2))).status).toBe(0);
  const higherCap = await delegate('package-signer', 'package signer', { epoch: 3, counterCap: 2000 });
  expect(line.try(0x20, headerWith(file, higherCap)).status).toBe('manifest-grant-wrong');
});

it.each(['its delegation', 'a statement beside it'])(
  'a license that proves the next epoch by %s ends the signer of the package that it is for',
  async (proof) => {
    const line = await personalizedLine(chipId, 1);
    const sealed = await makePackage(chipId);
    const { nonce } = line.hello();
    const device = { ...line.device!, nonce };
    const license = await makeLicense(sealed, device, {
      ...(proof === 'its delegation'
        ? { delegation: await issuerAt(2) }
        : { delegation: await issuerAt(2), epoch: await statementOf(2) }),
    });
    line.package(sealed);
    expect(line.try(0x21, license.bundle).status).toBe('delegation-revoked');
    expect(line.hello()).toMatchObject({ lifeCycle: 'personalized', unwraps: 0 });
  },
);

it('a license under a delegation that the package ended is refused, also without the statement', async () => {
  const line = await personalizedLine(chipId, 1);
  const sealed = await makePackage(chipId, { delegation: await signerAt(2) });
  line.hello();
  const license = await makeLicense(sealed, line.device!);
  line.package(sealed);
  expect(line.try(0x21, license.bundle).status).toBe('delegation-revoked');
  const current = await makeLicense(sealed, line.device!, { delegation: await issuerAt(2) });
  expect((await line.install(sealed, current)).installCount).toBe(1);
});

it('a statement of an earlier epoch lowers nothing', async () => {
  const line = await personalizedLine(chipId, 1);
  line.package(await makePackage(chipId, { delegation: await signerAt(3) }));
  const late = await makePackage(chipId, { delegation: await signerAt(3), epoch: await statementOf(2) });
  line.package(late);
  expect(line.hello().epoch).toBe(3);
  const between = await makePackage(chipId, { delegation: await signerAt(2) });
  expect(line.try(0x20, between.headerBytes).status).toBe('delegation-revoked');
});

it('a chip follows its root to the next one, over resets, and never goes back', async () => {
  const line = await personalizedLine(chipId, 1);
  const [second, third] = [signerOf('root 2'), signerOf('root 3')];
  const successions = [
    await makeSuccession(crypto, root, { product, publicKey: second.publicKey, epoch: 4 }),
    await makeSuccession(crypto, second, { product, publicKey: third.publicKey, epoch: 6 }),
  ];
  const sealed = await makePackage(chipId);
  const { file } = sealed;
  const under = (by: typeof root, epoch: number) =>
    delegate('package-signer', 'package signer', { by, epoch });
  // It missed the second root: both successions travel together.
  expect(line.try(0x20, headerWith(file, await under(third, 6), successions)).status).toBe(0);
  line.chip.reset();
  expect(line.hello().epoch).toBe(6);
  expect(line.try(0x20, headerWith(file, await under(root, 6), successions)).status).toBe(
    'delegation-signature-invalid',
  );
  expect(line.try(0x20, headerWith(file, await under(second, 7))).status).toBe(
    'delegation-signature-invalid',
  );
  // Successions of roots that it left behind are passed over.
  const headerBytes = headerWith(file, await under(third, 6), successions);
  const issuer = await delegate('license-issuer', 'license issuer', { by: third, epoch: 6 });
  const license = await makeLicense(sealed, line.device!, { delegation: issuer });
  expect((await line.install({ ...sealed, headerBytes }, license)).installCount).toBe(1);
});

it('a succession that does not open a new epoch is refused', async () => {
  const line = await personalizedLine(chipId, 1);
  const second = signerOf('root 2');
  const stale = await makeSuccession(crypto, root, {
    product,
    publicKey: keyPair('root 2').publicKey,
    epoch: 1,
  });
  const { file } = await makePackage(chipId);
  const delegation = await delegate('package-signer', 'package signer', { by: second, epoch: 1 });
  expect(line.try(0x20, headerWith(file, delegation, [stale])).status).toBe('root-revoked');
  expect(line.hello().epoch).toBe(1);
});
