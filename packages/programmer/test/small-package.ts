// A small package for tests: two areas of firmware and one of per-device data on the STM32F427, in records of 1 KiB.
// Its keys are of fixed scalars; not secret, not for use.

import { concatBytes, utf8 } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { seededRandom } from '@firmseal/link/testing';
import { makeDelegation, type Role, sealPackage } from '@firmseal/seal';

export function testKeyPair(name: string) {
  return crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;
}

export function testSigner(name: string): CoseSigner {
  const { publicKey, privateKey } = testKeyPair(name);
  return { publicKey, sign: (message) => crypto.signEs256(privateKey, message) };
}

const product = 'thermostat';
export const root = testSigner('root');
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

const firmware = (address: number, lengthBytes: number, seed: number) => ({
  area: { kind: 'firmware', address, lengthBytes } as const,
  plaintext: patternBytes(lengthBytes, seed),
});

/** Length of the one area of per-device data. */
export const deviceDataBytes = 64;

/** Five records. */
export async function sealSmall() {
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
    },
    areas: [
      firmware(0x08020000, 2 * 1024 + 96, 1),
      { area: { kind: 'device-data', address: 0x08040000, lengthBytes: deviceDataBytes } },
      firmware(0x08060000, 2048, 2),
    ],
    signer: testSigner('package signer'),
    delegation: await delegate('package-signer', 'package signer'),
    rootPublicKey: root.publicKey,
  });
  return { ...sealed, file: concatBytes(...sealed.parts) };
}
