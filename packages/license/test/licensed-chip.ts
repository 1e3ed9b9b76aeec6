// A chip, an issuer and a package for tests; the keys are of fixed scalars and not for use.

import { Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type DevicePublic, delegationKind, digestOf, openSigned, thumbprintOf } from '@firmseal/formats';
import { sealPackage } from '@firmseal/seal';
import { delegate, root, smallCore, testKeyPair, testSigner } from '@firmseal/seal/testing';
import { issueLicense, type LicenseTerms, licenseKind } from '../src/index.ts';

export const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

export const issuer = testSigner('license issuer');
export const kem = testKeyPair('device KEM');
const signing = testKeyPair('device');
export const deviceSigner = testSigner('device');
export const device: DevicePublic = {
  signingKey: signing.publicKey,
  kemKey: kem.publicKey,
  thumbprint: thumbprintOf(crypto, signing.publicKey, kem.publicKey),
  chipId: 'stm32f427',
  product: 'thermostat',
  origin: { kind: 'witnessed', rehearsal: false },
};

export const issuerDelegation = await delegate('license-issuer', 'license issuer', { counterCap: 5 });

export const sealed = await sealPackage(crypto, {
  core: smallCore,
  areas: [
    { area: { kind: 'firmware', address: 0x08040000, lengthBytes: 96 }, plaintext: filled(96, 9) },
    { area: { kind: 'device-data', address: 0x08060000, lengthBytes: 32 } },
  ],
  signer: testSigner('package signer'),
  delegation: await delegate('package-signer', 'package signer', { counterCap: 9 }),
  rootPublicKey: root.publicKey,
});
export const { manifest } = sealed;
export const contentKey = () => new Secret(sealed.contentKey.expose().slice());

export const deviceData = [filled(32, 8)];

/** What an issuer says; the rest follows from package and data. */
export const issued: Omit<LicenseTerms, 'manifestDigest' | 'deviceDataDigests'> = {
  jobId: filled(16, 1),
  licenseId: filled(16, 2),
  unitIndex: 0,
  thumbprint: device.thumbprint,
  mode: 'session',
  nonce: filled(16, 3),
  receiptNonce: filled(32, 4),
  counterFloor: 5,
  origin: device.origin,
  ceiling: 16,
  delegationDigest: digestOf(crypto, openSigned(issuerDelegation, delegationKind)),
};

/** The license of the chip for the package, and its terms. */
export const { license, terms } = await issueLicense(crypto, {
  terms: issued,
  manifest,
  kemKey: device.kemKey,
  contentKey: contentKey(),
  deviceData,
  signer: issuer,
});
export const licenseDigest = digestOf(crypto, openSigned(license, licenseKind));
