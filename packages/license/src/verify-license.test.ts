import { equalBytes, Secret } from '@firmseal/bytes';
import { decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeDelegation, makeEpochStatement } from '@firmseal/formats';
import { faultCode, root, testKeyPair, trust } from '@firmseal/seal/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentKey,
  device,
  deviceData,
  filled,
  issued,
  issuer,
  issuerDelegation,
  kem,
  manifest,
  license as signedLicense,
  terms,
} from '../test/licensed-chip.ts';
import { makeLicenseBundle, readLicenseBundle } from './bundle.ts';
import { contentKeyManifestDigest, openContentKey, sealContentKey } from './content-key-file.ts';
import { ceilingFor, issueLicense } from './issue-license.ts';
import { decodeTerms, encodeTerms, type LicenseTerms } from './terms.ts';
import {
  checkLicenseDate,
  checkLicenseForChip,
  type LicenseContext,
  openLicense,
  verifyLicense,
} from './verify-license.ts';

async function bundleOf(change: Partial<LicenseTerms> = {}, given = { manifest, deviceData }) {
  const { license } = await issueLicense(crypto, {
    terms: { ...issued, ...change },
    kemKey: device.kemKey,
    contentKey: contentKey(),
    signer: issuer,
    ...given,
  });
  return makeLicenseBundle({ license, delegation: issuerDelegation });
}

const verified = async (change: Partial<LicenseTerms> = {}) =>
  verifyLicense(crypto, { bundle: await bundleOf(change), ...trust });

const standing = (): Partial<LicenseTerms> & typeof issued => {
  const { nonce: _, ...rest } = issued;
  return { ...rest, mode: 'standing' };
};
async function verifiedStanding(change: Partial<LicenseTerms> = {}) {
  const { license } = await issueLicense(crypto, {
    ...{ terms: { ...standing(), ...change }, manifest, kemKey: device.kemKey },
    ...{ contentKey: contentKey(), deviceData, signer: issuer },
  });
  const bundle = makeLicenseBundle({ license, delegation: issuerDelegation });
  return verifyLicense(crypto, { bundle, ...trust });
}

const chip: LicenseContext = {
  ...{ manifest, thumbprint: device.thumbprint, origin: device.origin },
  ...{ nonce: issued.nonce!, unwraps: 0 },
};
const { nonce: _, ...withoutNonce } = chip;

describe('a license', () => {
  it('gives its chip the content key and the data of the device', async () => {
    const license = await verified();
    checkLicenseForChip(license, chip);
    const opened = openLicense(crypto, { license, manifest, recipient: kem });
    expect(equalBytes(opened.contentKey.expose(), contentKey().expose())).toBe(true);
    expect(opened.deviceData).toEqual(deviceData);
    expect(license.terms).toEqual(terms);
  });

  it('opens for nobody else and under no other terms', async () => {
    const license = await verified();
    const stranger = testKeyPair('stranger');
    const open = (change: Partial<typeof license>, recipient = kem) =>
      faultCode(() => openLicense(crypto, { license: { ...license, ...change }, manifest, recipient }));
    expect(await open({})).toBe(undefined);
    expect(await open({}, stranger)).toBe('license-unwrap-failed');
    expect(await open({ termsBytes: encodeTerms({ ...terms, unitIndex: 1 }) })).toBe('license-unwrap-failed');
    expect(await open({ enc: stranger.publicKey })).toBe('license-unwrap-failed');
    expect(await open({ enc: filled(65, 4) })).toBe('license-unwrap-failed');
  });

  it('is not made for data that does not fit the areas, nor for another content key', async () => {
    for (const data of [[], [filled(31, 8)], [filled(32, 8), filled(1, 1)], [filled(1025, 1)]])
      expect(await faultCode(() => bundleOf({}, { manifest, deviceData: data }))).toBe('license-data-wrong');
    const other = { ...manifest, commitment: filled(32, 0) };
    expect(await faultCode(() => bundleOf({}, { manifest: other, deviceData }))).toBe('key-commitment-wrong');
  });

  it('opens only to the data whose digests stand in its terms', async () => {
    const license = await verified();
    const digests = (deviceDataDigests: LicenseTerms['deviceDataDigests']) =>
      faultCode(() =>
        openLicense(crypto, {
          license: { ...license, terms: { ...license.terms, deviceDataDigests } },
          ...{ manifest, recipient: kem },
        }),
      );
    expect(await digests(terms.deviceDataDigests)).toBe(undefined);
    expect(await digests([])).toBe('license-data-wrong');
    expect(await digests([filled(32, 1)])).toBe('license-data-wrong');
  });

  it('commits to one content key', async () => {
    const license = await verified();
    const other = { ...manifest, commitment: filled(32, 0) };
    expect(await faultCode(() => openLicense(crypto, { license, manifest: other, recipient: kem }))).toBe(
      'key-commitment-wrong',
    );
  });
});

describe('the delegation of a license', () => {
  const delegation = (change: object) =>
    makeDelegation(crypto, root, {
      ...{ role: 'license-issuer' as const, publicKey: issuer.publicKey, product: 'thermostat' },
      ...{ counterCap: 5, epoch: 1, ...change },
    });
  const bundled = async (change: object, known = trust) =>
    faultCode(async () => {
      const bundle = makeLicenseBundle({ license: signedLicense, delegation: await delegation(change) });
      verifyLicense(crypto, { bundle, ...known });
    });

  it('is the one that it names: not a later one, not one that allows more', async () => {
    expect(await bundled({})).toBe(undefined);
    expect(await bundled({ epoch: 2 })).toBe('license-delegation-wrong');
    expect(await bundled({ counterCap: 9 })).toBe('license-delegation-wrong');
  });

  it('ends with the epoch that anything of the decision proves', async () => {
    expect(await bundled({}, { ...trust, epoch: 2 })).toBe('delegation-revoked');
    const signer = { role: 'package-signer' as const, publicKey: issuer.publicKey, product: 'thermostat' };
    const before = (epoch: number) => ({ ...trust, delegations: [{ ...signer, counterCap: 9, epoch }] });
    expect(await bundled({}, before(1))).toBe(undefined);
    // The signer's delegation is of epoch 1, the bundle's statement of epoch 2: the package ends too.
    const epoch = await makeEpochStatement(crypto, root, { product: 'thermostat', epoch: 2 });
    const later = await delegation({ epoch: 2 });
    for (const statement of [{ epoch }, {}]) {
      const bundle = makeLicenseBundle({ license: signedLicense, delegation: later, ...statement });
      expect(await faultCode(() => verifyLicense(crypto, { bundle, ...before(1) }))).toBe(
        'delegation-revoked',
      );
      expect(await faultCode(() => verifyLicense(crypto, { bundle, ...before(2) }))).toBe(
        'license-delegation-wrong',
      );
    }
  });
});

describe('the checks of a chip', () => {
  const other = filled(32, 77);
  const cases: [string, string | undefined, Partial<LicenseTerms>, Partial<LicenseContext>][] = [
    ['another package', 'license-manifest-wrong', {}, { manifest: { ...manifest, digest: other } }],
    ['another device', 'license-device-wrong', { thumbprint: other }, {}],
    ['another origin', 'license-origin-wrong', { origin: { kind: 'enrolled', rehearsal: false } }, {}],
    ['a rehearsal', 'license-origin-wrong', { origin: { kind: 'witnessed', rehearsal: true } }, {}],
    ['an earlier nonce', 'license-nonce-wrong', {}, { nonce: filled(16, 9) }],
    ['a floor above the package', 'license-counter-floor', { counterFloor: 6 }, {}],
    [
      'what its issuer may not license',
      'delegation-counter-exceeded',
      {},
      { manifest: { ...manifest, core: { ...manifest.core, securityCounter: 6 } } },
    ],
  ];
  for (const [what, code, change, context] of cases)
    it(`refuse ${what}`, async () => {
      const license = await verified(change);
      expect(await faultCode(() => checkLicenseForChip(license, { ...chip, ...context }))).toBe(code);
    });

  it('take the journaled license again without its nonce, until its install ended well', async () => {
    const license = await verified();
    const at = (ended: boolean) =>
      faultCode(() =>
        checkLicenseForChip(license, { ...withoutNonce, journaled: { digest: license.digest, ended } }),
      );
    expect(await at(false)).toBe(undefined);
    expect(await at(true)).toBe('license-nonce-wrong');
    expect(await faultCode(() => checkLicenseForChip(license, withoutNonce))).toBe('license-nonce-wrong');
  });

  it('take a standing license without a nonce, and again after its install', async () => {
    const license = await verifiedStanding();
    checkLicenseForChip(license, withoutNonce);
    checkLicenseForChip(license, { ...withoutNonce, journaled: { digest: license.digest, ended: true } });
  });

  it('share one ceiling between two licenses, which a newer one raises', async () => {
    const [one, two] = [await verified(), await verifiedStanding()];
    const newer = await verifiedStanding({ ceiling: ceilingFor(16) });
    const at = (license: typeof one, unwraps: number) =>
      faultCode(() => checkLicenseForChip(license, { ...chip, unwraps }));
    for (const license of [one, two]) {
      expect(await at(license, 15)).toBe(undefined);
      expect(await at(license, 16)).toBe('license-unwraps-exhausted');
    }
    expect(await at(newer, 16)).toBe(undefined);
    expect(await at(newer, 31)).toBe(undefined);
    expect(await at(newer, 32)).toBe('license-unwraps-exhausted');
    expect(ceilingFor(2 ** 31 - 2)).toBe(2 ** 31 - 1);
  });

  it('leave the date to those who have a clock', async () => {
    const license = await verifiedStanding({ notAfterSeconds: 1000 });
    checkLicenseForChip(license, withoutNonce);
    expect(await faultCode(() => checkLicenseDate(license.terms, new Date(1_000_000)))).toBe(undefined);
    expect(await faultCode(() => checkLicenseDate(license.terms, new Date(1_000_001)))).toBe(
      'license-expired',
    );
    checkLicenseDate(terms, new Date());
  });
});

describe('the objects of a license', () => {
  it('are refused for every single bit that is changed', async () => {
    const bundle = await bundleOf();
    let accepted = 0;
    for (let bit = 0; bit < bundle.length * 8; bit += 5) {
      const changed = bundle.slice();
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      const code = await faultCode(() => {
        const license = verifyLicense(crypto, { bundle: changed, ...trust });
        openLicense(crypto, { license, manifest, recipient: kem });
      });
      if (code === undefined) accepted++;
      else expect(code).toMatch(/^(license|delegation|epoch)-/);
    }
    expect(accepted).toBe(0);
  });

  it('come back as they went', async () => {
    await fc.assert(
      fc.property(
        fc.record({
          unitIndex: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          counterFloor: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          ceiling: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
          fill: fc.integer({ min: 0, max: 255 }),
        }),
        ({ unitIndex, counterFloor, ceiling, fill }) => {
          const given = { ...terms, unitIndex, counterFloor, ceiling, jobId: filled(16, fill) };
          expect(decodeTerms(encodeTerms(given))).toEqual(given);
        },
      ),
      { seed: 7 },
    );
    const bundle = { license: filled(3, 1), delegation: filled(4, 2), epoch: filled(5, 3) };
    expect(readLicenseBundle(makeLicenseBundle(bundle))).toEqual(bundle);
    expect(await faultCode(() => readLicenseBundle(new Uint8Array(4097)))).toBe('license-malformed');
    expect(await faultCode(() => makeLicenseBundle({ ...bundle, license: filled(4096, 1) }))).toBe(
      'license-malformed',
    );
  });

  it('have a mode and a version that are known', async () => {
    const changed = (key: number, value: number) => {
      const map = decodeCbor(encodeTerms(terms), { maxBytes: 512 }) as Map<number, number>;
      return encodeCbor(map.set(key, value));
    };
    expect(await faultCode(() => decodeTerms(changed(0, 2)))).toBe('license-version-unsupported');
    expect(await faultCode(() => decodeTerms(changed(6, 3)))).toBe('license-version-unsupported');
    expect(await faultCode(() => decodeTerms(changed(6, 2)))).toBe('license-malformed');
    expect(await faultCode(() => decodeTerms(changed(10, 4)))).toBe('license-malformed');
    expect(await faultCode(() => decodeTerms(changed(14, 0)))).toBe('license-malformed');
  });
});

describe('a content-key file', () => {
  const { publicKey, privateKey } = testKeyPair('authority KEM');
  const unwrapper = { publicKey, ecdh: (point: Uint8Array) => crypto.ecdhP256(privateKey, point) };
  const wrap = (key = contentKey(), manifestDigest = manifest.digest) =>
    sealContentKey(crypto, { contentKey: key, manifestDigest, authorityKemKey: publicKey });
  const file = wrap();
  const open = (bytes: Uint8Array, of = manifest) =>
    faultCode(() => openContentKey(crypto, { file: bytes, manifest: of, unwrapper }));

  it('opens for the authority', async () => {
    expect(file.length).toBe(153);
    expect(contentKeyManifestDigest(file)).toEqual(manifest.digest);
    const opened = await openContentKey(crypto, { file, manifest, unwrapper });
    expect(opened.expose()).toEqual(contentKey().expose());
  });

  it('is bound to its package and to the authority', async () => {
    const moved = file.slice();
    moved[60]! ^= 1;
    expect(await open(moved)).toBe('content-key-unwrap-failed');
    expect(await open(file.slice(0, -1))).toBe('content-key-malformed');
    expect(await open(file, { ...manifest, digest: filled(32, 1) })).toBe('content-key-package-wrong');
  });

  it('that a stranger wrapped gives no key: the manifest commits to one', async () => {
    expect(await open(wrap(new Secret(filled(32, 7))))).toBe('key-commitment-wrong');
  });
});
