import { concatBytes, equalBytes, Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeDelegation, makeEpochStatement } from '@firmseal/formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  faultCode,
  packageSigner,
  patternBytes,
  root,
  sealSmall,
  smallAreas,
  smallCore,
  smallDelegation,
  testSigner,
  trust,
} from '../test/small-package.ts';
import { openPackage } from './open.ts';
import { attachLicense, splitPackage } from './package-file.ts';
import { recordLengths } from './record-plan.ts';
import { type SealArea, sealPackage } from './seal.ts';

describe('a sealed package', () => {
  it('opens to the plaintext that was sealed', async () => {
    const { file, contentKey, manifestDigest } = await sealSmall();
    const opened = openPackage(crypto, { file, trust, contentKey });
    expect(opened.areas.map(({ ordinal }) => ordinal)).toEqual([0, 2]);
    for (const { ordinal, plaintext } of opened.areas)
      expect(equalBytes(plaintext, smallAreas[ordinal]!.plaintext!)).toBe(true);
    expect(opened.manifest.digest).toEqual(manifestDigest);
    expect(opened.manifest.areaDigests.map((digest) => digest?.length)).toEqual([32, undefined, 32]);
  });

  it('takes a license into its header later, and nothing else of it changes', async () => {
    const { file, contentKey, manifestDigest } = await sealSmall();
    const license = patternBytes(900, 3);
    const carrying = concatBytes(...attachLicense(file, license));
    const [before, after] = [splitPackage(file), splitPackage(carrying)];
    expect(after.header).toEqual({ ...before.header, license });
    expect(carrying.subarray(after.recordsOffset)).toEqual(file.subarray(before.recordsOffset));
    const opened = openPackage(crypto, { file: carrying, trust, contentKey });
    expect(opened.manifest.digest).toEqual(manifestDigest);
    expect(concatBytes(...attachLicense(carrying, license))).toEqual(carrying);
    expect(await faultCode(() => attachLicense(file, patternBytes(3900, 3)))).toBe(
      'package-header-too-large',
    );
  });

  it('has records of the planned lengths and nothing behind them', async () => {
    const { parts, manifest } = await sealSmall();
    expect(recordLengths(manifest.core)).toEqual([1072, 1072, 144, 1072, 1072]);
    expect(parts[1].length).toBe(1072 * 4 + 144);
  });

  it('opens again for any areas, chunk size and content', async () => {
    const delegation = await smallDelegation();
    const layout = fc.record({
      chunkSizeBytes: fc.constantFrom(1024 as const, 2048 as const, 4096 as const),
      units: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
    });
    await fc.assert(
      fc.asyncProperty(layout, async ({ chunkSizeBytes, units, seed }) => {
        const areas = units.map((count, i): SealArea => {
          const lengthBytes = 32 * count;
          const area = { kind: 'firmware' as const, address: 0x08040000 + i * 0x20000, lengthBytes };
          return { area, plaintext: patternBytes(lengthBytes, seed + i) };
        });
        const sealed = await sealSmall({ core: { ...smallCore, chunkSizeBytes }, areas, delegation });
        const opened = openPackage(crypto, { file: sealed.file, trust, contentKey: sealed.contentKey });
        expect(concatBytes(...opened.areas.map(({ plaintext }) => plaintext))).toEqual(
          concatBytes(...areas.map(({ plaintext }) => plaintext!)),
        );
      }),
      { numRuns: 40, seed: 20260101 },
    );
  });

  it('takes another key when a random generator repeats itself on other content', async () => {
    const randomness = new Uint8Array(32).fill(7);
    const first = await sealSmall({ randomness });
    const again = await sealSmall({ randomness });
    const changed = smallAreas.map((one) => ({ ...one, plaintext: one.plaintext?.slice() }));
    changed[2]!.plaintext![100]! ^= 1;
    const areas = changed.map(({ area, plaintext }) => ({ area, ...(plaintext ? { plaintext } : {}) }));
    const otherContent = await sealSmall({ randomness, areas });
    const otherCore = await sealSmall({ randomness, core: { ...smallCore, securityCounter: 6 } });
    expect(first.contentKey.expose()).toEqual(again.contentKey.expose());
    expect(otherContent.contentKey.expose()).not.toEqual(first.contentKey.expose());
    expect(otherCore.contentKey.expose()).not.toEqual(first.contentKey.expose());
    expect(otherContent.manifest.salt).not.toEqual(first.manifest.salt);
  });

  it('draws fresh randomness for each seal', async () => {
    const [one, two] = [await sealSmall(), await sealSmall()];
    expect(one.contentKey.expose()).not.toEqual(two.contentKey.expose());
  });
});

describe('sealing refuses', () => {
  const inputs = async () => ({
    core: smallCore,
    areas: smallAreas,
    signer: packageSigner,
    delegation: await smallDelegation(),
    rootPublicKey: root.publicKey,
  });
  const cases: [string, string, () => Promise<Record<string, unknown>>][] = [
    [
      'content of another length',
      'area-content-wrong',
      async () => ({ areas: smallAreas.map(({ area }) => ({ area })) }),
    ],
    [
      'a product with a space',
      'seal-input-refused',
      async () => ({ core: { ...smallCore, product: 'a b' } }),
    ],
    ['areas out of order', 'seal-input-refused', async () => ({ areas: smallAreas.toReversed() })],
    ['an entry outside', 'seal-input-refused', async () => ({ core: { ...smallCore, entry: 0x08060000 } })],
    [
      'a counter above the cap',
      'delegation-counter-exceeded',
      async () => ({ delegation: await smallDelegation({ counterCap: 4 }) }),
    ],
    [
      'a key that was not delegated',
      'signer-not-delegated',
      async () => ({ signer: testSigner('stranger') }),
    ],
    [
      'another root',
      'delegation-signature-invalid',
      async () => ({ rootPublicKey: testSigner('stranger').publicKey }),
    ],
    [
      'a signer that signs with another key',
      'seal-self-check-failed',
      async () => ({ signer: { ...testSigner('stranger'), publicKey: packageSigner.publicKey } }),
    ],
    [
      'a delegation of an ended epoch',
      'delegation-revoked',
      async () => ({ epoch: await makeEpochStatement(crypto, root, { product: 'thermostat', epoch: 2 }) }),
    ],
    [
      'a delegation for licenses',
      'delegation-role-wrong',
      async () => ({
        delegation: await makeDelegation(crypto, root, {
          role: 'license-issuer',
          publicKey: packageSigner.publicKey.slice(),
          product: 'thermostat',
          counterCap: 9,
          epoch: 1,
        }),
      }),
    ],
    [
      'a license that does not fit the header',
      'package-header-too-large',
      async () => ({ license: new Uint8Array(4000) }),
    ],
  ];
  for (const [what, code, change] of cases)
    it(what, async () => {
      const changed = { ...(await inputs()), ...(await change()) };
      expect(await faultCode(() => sealPackage(crypto, changed))).toBe(code);
    });

  it('a random generator that stands still', async () => {
    let draws = 0;
    const stuck = {
      ...crypto,
      randomBytes: (length: number) => {
        draws++;
        return new Uint8Array(length).fill(4);
      },
    };
    const all = await inputs();
    expect(await faultCode(() => sealPackage(stuck, all))).toBe('randomness-broken');
    expect(draws).toBe(2);
  });

  it('a package that its own reader cannot open', async () => {
    let broken = 0;
    const faulty = {
      ...crypto,
      aes256GcmSeal: (given: Parameters<typeof crypto.aes256GcmSeal>[0]) => {
        const sealed = crypto.aes256GcmSeal(given);
        sealed[0]! ^= 1;
        broken++;
        return sealed;
      },
    };
    const all = await inputs();
    expect(await faultCode(() => sealPackage(faulty, all))).toBe('seal-self-check-failed');
    expect(broken).toBe(5);
  });

  it('an opening under another content key', async () => {
    const { file } = await sealSmall();
    const contentKey = new Secret(new Uint8Array(32));
    expect(await faultCode(() => openPackage(crypto, { file, trust, contentKey }))).toBe(
      'key-commitment-wrong',
    );
  });
});
