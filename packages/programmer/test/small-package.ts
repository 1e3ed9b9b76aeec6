// A small package for tests: two areas of firmware and one of per-device data on the STM32F427, in records of
// 1 KiB, by the owner of packages/seal/test.

import { concatBytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { seededRandom } from '@firmseal/link/testing';
import { type Area, type SealInputs, sealPackage } from '@firmseal/seal';
import { delegate, root, smallCore, testSigner } from '@firmseal/seal/testing';

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
    core: { ...smallCore, ...change },
    areas: areas ?? [
      firmware(0x08040000, 2 * 1024 + 96, 1),
      deviceData(0x08060000),
      firmware(0x08080000, 2048, 2),
    ],
    signer: testSigner('package signer'),
    delegation: await delegate('package-signer', 'package signer'),
    rootPublicKey: root.publicKey,
  });
  return { ...sealed, file: concatBytes(...sealed.parts) };
}
