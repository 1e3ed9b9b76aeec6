// One receipt on its own: everything in the file is held against the root's key, and
// nothing against the file's own word.

import { Owner, TestChip } from '@firmseal/authority/testing';
import { type Bytes, Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { delegationKind, digestOf, openSigned } from '@firmseal/formats';
import {
  ceilingFor,
  encodeReceiptFile,
  issueLicense,
  makeLicenseBundle,
  type ReceiptFile,
  verifyLicense,
} from '@firmseal/license';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyReceiptFile } from './index.ts';

const owner = new Owner();
const rootPublicKey = owner.root.publicKey;
const challenge = crypto.randomBytes(32);
const keptAtSeconds = Date.UTC(2026, 11, 1) / 1000;

/** A chip of the owner with a license for the package, and the file of its receipt. */
async function installed(sealed: Awaited<ReturnType<Owner['seal']>>, by = owner) {
  const chip = await TestChip.make(by);
  const { manifest, header, contentKey } = sealed;
  const { issuer, issuerDelegation } = await by.productKeys();
  const { license } = await issueLicense(crypto, {
    terms: {
      ...{ jobId: crypto.randomBytes(16), licenseId: crypto.randomBytes(16), unitIndex: 3 },
      ...{ thumbprint: chip.thumbprint, nonce: chip.nonce, receiptNonce: crypto.randomBytes(32) },
      ...{ origin: chip.origin, mode: 'session', counterFloor: 0, ceiling: ceilingFor(0) },
      delegationDigest: digestOf(crypto, openSigned(issuerDelegation, delegationKind)),
    },
    ...{ manifest, kemKey: chip.kem.publicKey, contentKey: new Secret(contentKey.slice()) },
    ...{ deviceData: [], signer: issuer },
  });
  const bundle = makeLicenseBundle({ license, delegation: issuerDelegation });
  const { publicKey } = by.root;
  const held = verifyLicense(crypto, { bundle, rootPublicKey: publicKey, product: by.product, epoch: 0 });
  const inputs = { license: held, manifest };
  const file: ReceiptFile = {
    deviceCaDelegation: await by.delegate('device-ca', by.deviceCa.publicKey),
    ...{ certificate: chip.certificate, header, bundle, challenge, keptAtSeconds },
    receipt: await chip.receipt({ ...inputs, challenge }),
  };
  return { file, stale: await chip.receipt(inputs), chip };
}

let one: Awaited<ReturnType<typeof installed>>;
let other: typeof one;
let manifestDigest: Bytes;
beforeAll(async () => {
  const sealed = await owner.seal();
  manifestDigest = sealed.manifest.digest;
  one = await installed(sealed);
  other = await installed(await owner.seal());
});

const verify = (change: Partial<ReceiptFile> = {}, trust = {}) =>
  verifyReceiptFile(crypto, encodeReceiptFile({ ...one.file, ...change }), { rootPublicKey, ...trust });

it('says what the chip holds, and under which license', () => {
  expect(verify({}, { product: owner.product, manifestDigest })).toMatchObject({
    ...{ product: 'pump', firmwareVersion: '1.2.3', securityCounter: 5, chip: 'stm32f427' },
    ...{ outcome: 'PASS', fresh: true, readoutLevel: 2, unitIndex: 3, keptAtMs: keptAtSeconds * 1000 },
    origin: { kind: 'witnessed', rehearsal: false },
  });
  const { stale: receipt } = one;
  expect(verify({ receipt, challenge: undefined })).toMatchObject({ fresh: false, outcome: 'PASS' });
});

it('needs the license for a receipt that is not fresh, and says where it lacks', () => {
  expect(verify({ bundle: undefined })).toMatchObject({ fresh: true, unitIndex: undefined });
  const { stale: receipt } = one;
  expect(() => verify({ receipt, bundle: undefined })).toThrow(/license/);
});

describe('is refused', () => {
  const codeOf = (run: () => unknown): string => {
    try {
      run();
    } catch (fault) {
      if (fault instanceof Fault) return fault.code;
      throw fault;
    }
    return 'none';
  };

  it('with an object of another chip, package, root or time', async () => {
    const stranger = new Owner();
    const strange = await installed(await stranger.seal(), stranger);
    const cases: [string, Partial<ReceiptFile>, object?][] = [
      ['delegation-signature-invalid', {}, { rootPublicKey: stranger.root.publicKey }],
      ['delegation-product-wrong', {}, { product: 'kettle' }],
      ['receipt-package-wrong', {}, { manifestDigest: crypto.randomBytes(32) }],
      ['delegation-signature-invalid', { deviceCaDelegation: strange.file.deviceCaDelegation }],
      [
        'delegation-role-wrong',
        { deviceCaDelegation: await owner.delegate('license-issuer', owner.deviceCa.publicKey) },
      ],
      ['certificate-signature-invalid', { certificate: strange.file.certificate }],
      ['certificate-expired', { keptAtSeconds: 0 }],
      ['receipt-signature-invalid', { certificate: other.file.certificate }],
      ['receipt-manifest-wrong', { header: other.file.header }],
      ['receipt-device-wrong', { bundle: other.file.bundle }],
      ['receipt-signature-invalid', { receipt: other.file.receipt }],
      ['receipt-challenge-wrong', { challenge: crypto.randomBytes(32) }],
      ['receipt-challenge-wrong', { challenge: undefined }],
    ];
    for (const [code, change, trust] of cases)
      expect([Object.keys(change).join(), codeOf(() => verify(change, trust))]).toEqual([
        Object.keys(change).join(),
        code,
      ]);
  });

  it('with any byte of it changed', () => {
    const file = encodeReceiptFile(one.file);
    // The time that nobody signed stands in the last bytes, and says so.
    for (let at = 0; at < file.length - 5; at += 37) {
      const changed = file.slice();
      changed[at]! ^= 1;
      expect([at, codeOf(() => verifyReceiptFile(crypto, changed, { rootPublicKey }))]).not.toEqual([
        at,
        'none',
      ]);
    }
  });
});
