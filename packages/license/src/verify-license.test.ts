import { equalBytes } from '@firmseal/bytes';
import { decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentKey,
  device,
  faultCode,
  filled,
  issuer,
  issuerDelegation,
  kem,
  manifest,
  root,
  terms,
  testKeyPair,
} from '../test/licensed-chip.ts';
import { makeLicenseBundle, readLicenseBundle } from './bundle.ts';
import { contentKeyManifestDigest, openContentKey, sealContentKey } from './content-key-file.ts';
import { issueLicense } from './issue-license.ts';
import { decodeTerms, encodeTerms, type LicenseTerms } from './terms.ts';
import { checkLicenseForChip, type LicenseContext, openLicense, verifyLicense } from './verify-license.ts';

const deviceData = [filled(32, 8)];
const trust = { rootPublicKey: root.publicKey, product: 'thermostat', epoch: 1 };

async function bundleOf(change: Partial<LicenseTerms> = {}, data = deviceData) {
  const license = await issueLicense(crypto, {
    terms: { ...terms, ...change },
    kemKey: device.kemKey,
    contentKey: contentKey(),
    deviceData: data,
    signer: issuer,
  });
  return makeLicenseBundle({ license, delegation: issuerDelegation });
}

const verified = async (change: Partial<LicenseTerms> = {}) =>
  verifyLicense(crypto, { bundle: await bundleOf(change), ...trust });

describe('a license', () => {
  it('gives its chip the content key and the data of the device', async () => {
    const license = await verified();
    const context = { manifest, thumbprint: device.thumbprint, nonce: terms.nonce! };
    checkLicenseForChip(license, context);
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

  it('must carry data for every area, of its length', async () => {
    for (const data of [[], [filled(31, 8)], [filled(32, 8), filled(1, 1)]]) {
      const license = verifyLicense(crypto, { bundle: await bundleOf({}, data), ...trust });
      expect(await faultCode(() => openLicense(crypto, { license, manifest, recipient: kem }))).toBe(
        'license-data-wrong',
      );
    }
    expect(await faultCode(() => bundleOf({}, [filled(1025, 1)]))).toBe('license-data-wrong');
  });

  it('commits to one content key', async () => {
    const license = await verified();
    const other = { ...manifest, commitment: filled(32, 0) };
    expect(await faultCode(() => openLicense(crypto, { license, manifest: other, recipient: kem }))).toBe(
      'key-commitment-wrong',
    );
  });
});

describe('the checks of a chip', () => {
  const other = filled(32, 77);
  const standing = { ...terms, mode: 'standing' as const };
  delete (standing as { nonce?: unknown }).nonce;
  const cases: [string, string | undefined, Partial<LicenseTerms>, Partial<LicenseContext>][] = [
    ['another package', 'license-manifest-wrong', { manifestDigest: other }, {}],
    ['another device', 'license-device-wrong', { thumbprint: other }, {}],
    ['a nonce of before', 'license-nonce-wrong', {}, { nonce: filled(16, 9) }],
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
      const all = { manifest, thumbprint: device.thumbprint, nonce: terms.nonce!, ...context };
      expect(await faultCode(() => checkLicenseForChip(license, all))).toBe(code);
    });

  it('take the journaled license again, sixteen times in all', async () => {
    const license = await verified();
    const at = (unwraps: number) =>
      faultCode(() =>
        checkLicenseForChip(license, {
          manifest,
          thumbprint: device.thumbprint,
          journaled: { digest: license.digest, unwraps },
        }),
      );
    expect(await at(1)).toBe(undefined);
    expect(await at(15)).toBe(undefined);
    expect(await at(16)).toBe('license-unwraps-exhausted');
  });

  it('take a standing license without a nonce', async () => {
    const license = verifyLicense(crypto, {
      bundle: makeLicenseBundle({
        license: await issueLicense(crypto, {
          terms: standing,
          kemKey: device.kemKey,
          contentKey: contentKey(),
          deviceData,
          signer: issuer,
        }),
        delegation: issuerDelegation,
      }),
      ...trust,
    });
    checkLicenseForChip(license, { manifest, thumbprint: device.thumbprint });
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
          fill: fc.integer({ min: 0, max: 255 }),
        }),
        ({ unitIndex, counterFloor, fill }) => {
          const given = { ...terms, unitIndex, counterFloor, jobId: filled(16, fill) };
          expect(decodeTerms(encodeTerms(given))).toEqual(given);
        },
      ),
      { seed: 7 },
    );
    const bundle = { license: filled(3, 1), delegation: filled(4, 2), epoch: filled(5, 3) };
    expect(readLicenseBundle(makeLicenseBundle(bundle))).toEqual(bundle);
  });

  it('have a mode and a version that are known', async () => {
    const changed = (key: number, value: number) => {
      const map = decodeCbor(encodeTerms(terms), { maxBytes: 512 }) as Map<number, number>;
      return encodeCbor(map.set(key, value));
    };
    expect(await faultCode(() => decodeTerms(changed(0, 2)))).toBe('license-version-unsupported');
    expect(await faultCode(() => decodeTerms(changed(6, 3)))).toBe('license-version-unsupported');
    expect(await faultCode(() => decodeTerms(changed(6, 2)))).toBe('license-malformed');
  });
});

describe('a content-key file', () => {
  const { publicKey, privateKey } = testKeyPair('authority KEM');
  const unwrapper = { publicKey, ecdh: (point: Uint8Array) => crypto.ecdhP256(privateKey, point) };
  const file = sealContentKey(crypto, {
    contentKey: contentKey(),
    manifestDigest: manifest.digest,
    authorityKemKey: publicKey,
  });

  it('opens for the authority', async () => {
    expect(file.length).toBe(153);
    expect(contentKeyManifestDigest(file)).toEqual(manifest.digest);
    const opened = await openContentKey(crypto, { file, unwrapper });
    expect(opened.contentKey.expose()).toEqual(contentKey().expose());
  });

  it('is bound to its package and to the authority', async () => {
    const moved = file.slice();
    moved[10]! ^= 1;
    expect(await faultCode(() => openContentKey(crypto, { file: moved, unwrapper }))).toBe(
      'content-key-unwrap-failed',
    );
    expect(await faultCode(() => openContentKey(crypto, { file: file.slice(0, -1), unwrapper }))).toBe(
      'content-key-malformed',
    );
  });
});
