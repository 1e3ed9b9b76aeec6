// A package for chips without agent, its issuer and a station, for tests; keys of fixed scalars, not for use.

import { Secret } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { delegationKind, digestOf, openSigned } from '@firmseal/formats';
import { sealPackage } from '@firmseal/seal';
import { delegate, root, smallCore, testKeyPair, testSigner } from '@firmseal/seal/testing';
import { makeStationDelegation, verifyStation } from '../src/index.ts';

export const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

export const { publicKey: rootPublicKey } = root;
export const { product } = smallCore;
export const issuer = testSigner('license issuer');
export const stationSigner = testSigner('approver');
export const recipient = testKeyPair('device KEM');
export const issuerDelegation = await delegate('license-issuer', 'license issuer', { counterCap: 5 });
export const issuerDigest = digestOf(crypto, openSigned(issuerDelegation, delegationKind));

export const delegation = await makeStationDelegation(crypto, testSigner('root'), {
  ...{ publicKey: testKeyPair('approver').publicKey, product, name: 'bench-1', epoch: 1 },
  ...{ notBeforeSeconds: 100, notAfterSeconds: 200 },
});
export const station = verifyStation(crypto, delegation, { rootPublicKey, product });

const sealed = await sealPackage(crypto, {
  core: { ...smallCore, entry: 0x08000000 },
  areas: [
    { area: { kind: 'firmware', address: 0x08000000, lengthBytes: 96 }, plaintext: filled(96, 9) },
    { area: { kind: 'device-data', address: 0x08040000, lengthBytes: 32 } },
  ],
  signer: testSigner('package signer'),
  delegation: await delegate('package-signer', 'package signer', { counterCap: 9 }),
  rootPublicKey,
});
export const { manifest } = sealed;
export const newContentKey = () => new Secret(sealed.contentKey.expose().slice());
