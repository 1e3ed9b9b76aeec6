// A small package for tests: two areas of firmware and one of per-device data on the STM32F427, chunk 1024,
// keys of fixed scalars. Not secret, not for use: the public keys stand in the list of known test keys.

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { makeDelegation, type Role } from '@firmseal/formats';
import { type Area, type SealArea, type SealInputs, sealPackage } from '../src/index.ts';

export function testKeyPair(name: string) {
  return crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;
}

export function testSigner(name: string): CoseSigner & { readonly publicKey: Bytes } {
  const { publicKey, privateKey } = testKeyPair(name);
  return { publicKey, sign: (message) => crypto.signEs256(privateKey, message) };
}

const product = 'thermostat';
export const root = testSigner('root');
export const packageSigner = testSigner('package signer');

/** Bytes that look like firmware to nobody but differ everywhere. */
export function patternBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export const smallCore: SealInputs['core'] = {
  product,
  chips: ['stm32f427'],
  firmwareVersion: '1.2.3',
  securityCounter: 5,
  chunkSizeBytes: 1024,
  entry: 0x08040000,
  optionBytes: [],
  leastReadoutLevel: 2,
  interruption: 'resume',
  leastAgentVersion: 1,
  bootCheck: 'record',
};

const deviceDataArea: Area = { kind: 'device-data', address: 0x08060000, lengthBytes: 64 };

export const smallAreas: readonly SealArea[] = [
  {
    area: { kind: 'firmware', address: 0x08040000, lengthBytes: 2 * 1024 + 96 },
    plaintext: patternBytes(2144, 1),
  },
  { area: deviceDataArea },
  { area: { kind: 'firmware', address: 0x08080000, lengthBytes: 2048 }, plaintext: patternBytes(2048, 2) },
];

/** Signed by the root, for the key of that name. */
export const delegate = (
  role: Role,
  name: string,
  change: { counterCap?: number; epoch?: number } = {},
): Promise<Bytes> =>
  makeDelegation(crypto, root, {
    ...{ role, publicKey: testKeyPair(name).publicKey, product, counterCap: 100, epoch: 1 },
    ...change,
  });

export const smallDelegation = (change: { counterCap?: number; epoch?: number } = {}): Promise<Bytes> =>
  delegate('package-signer', 'package signer', change);

export async function sealSmall(change: Partial<SealInputs> = {}) {
  const sealed = await sealPackage(crypto, {
    core: smallCore,
    areas: smallAreas,
    signer: packageSigner,
    delegation: await smallDelegation(),
    rootPublicKey: root.publicKey,
    ...change,
  });
  return { ...sealed, file: concatBytes(...sealed.parts) };
}

export const trust = { rootPublicKey: root.publicKey, product, epoch: 1 };

/** The code of the fault that the call ends in; undefined when it ends well. */
export async function faultCode(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
