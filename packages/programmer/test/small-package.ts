// A small package for tests: two areas of firmware and one of per-device data on the STM32F427, in records of
// 1 KiB. Its keys are of fixed scalars; not secret, not for use.

import { concatBytes, utf8 } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeDelegation, type Role } from '@firmseal/formats';
import { seededRandom } from '@firmseal/link/testing';
import { type Area, type SealInputs, sealPackage } from '@firmseal/seal';

export function testKeyPair(name: string) {
  return crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;
}

export function testSigner(name: string): CoseSigner {
  const { publicKey, privateKey } = testKeyPair(name);
  return { publicKey, sign: (message) => crypto.signEs256(privateKey, message) };
}

const product = 'thermostat';
const root = testSigner('root');
export const trust = { rootPublicKey: root.publicKey, product, epoch: 1 };

/** Signed by the root, for the key of that name. */
export function delegate(role: Role, name: string) {
  const { publicKey } = testKeyPair(name);
  return makeDelegation(crypto, root, { role, publicKey, product, counterCap: 100, epoch: 1 });
}

function patternBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(256 * random()));
}

export const firmware = (address: number, lengthBytes: number, seed: number) => ({
  area: { kind: 'firmware', address, lengthBytes } as const,
  plaintext: patternBytes(lengthBytes, seed),
});

/** Length of the one area of per-device data. */
export const deviceDataBytes = 64;

export const deviceData = (address: number): { area: Area } => ({
  area: { kind: 'device-data', address, lengthBytes: deviceDataBytes },
});

/** What a test wants otherwise. */
export type SmallChange = Partial<SealInputs['core']> & { readonly areas?: SealInputs['areas'] };

/** Five records. */
export async function sealSmall({ areas, ...change }: SmallChange = {}) {
  const sealed = await sealPackage(crypto, {
    core: {
      product,
      chips: ['stm32f427'],
      firmwareVersion: '1.2.3',
      securityCounter: 5,
      chunkSizeBytes: 1024,
      entry: 0x08020000,
      optionBytes: [],
      leastReadoutLevel: 2,
      interruption: 'resume',
      leastAgentVersion: 1,
      bootCheck: 'record',
      ...change,
    },
    areas: areas ?? [
      firmware(0x08020000, 2 * 1024 + 96, 1),
      deviceData(0x08040000),
      firmware(0x08060000, 2048, 2),
    ],
    signer: testSigner('package signer'),
    delegation: await delegate('package-signer', 'package signer'),
    rootPublicKey: root.publicKey,
  });
  return { ...sealed, file: concatBytes(...sealed.parts) };
}
