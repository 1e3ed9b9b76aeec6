// An owner with its keys, for tests of the agent: root, package signer, license issuer, device CA.
// The keys are of fixed scalars and not for use. Makes certificates, packages and licenses by the
// packages that do so in earnest.

import { type Bytes, concatBytes, Secret, utf8 } from '@firmseal/bytes';
import { type CborInput, encodeCbor, signCoseWith } from '@firmseal/cbor-cose';
import { issueDeviceCertificate } from '@firmseal/certificate';
import type { Crypto } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  type DevicePublic,
  delegationKind,
  digestOf,
  makeDelegation,
  type Origin,
  openSigned,
  type Role,
  thumbprintOf,
} from '@firmseal/formats';
import { hpkeSeal } from '@firmseal/hpke';
import {
  ceilingFor,
  encodeTerms,
  type LicenseTerms,
  licenseKind,
  makeLicenseBundle,
} from '@firmseal/license';
import {
  openContentKeys,
  type SealArea,
  type SealedPackage,
  type SealInputs,
  sealPackage,
  splitPackage,
} from '@firmseal/seal';

export const product = 'thermostat';
export const epoch = 1;
/** Of every identity that this site makes. */
export const origin: Origin = { kind: 'witnessed', rehearsal: false };

export const keyPair = (name: string) =>
  crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;

export function signerOf(name: string) {
  const { publicKey, privateKey } = keyPair(name);
  return { publicKey, sign: (message: Uint8Array) => crypto.signEs256(privateKey, message) };
}

export const root = signerOf('root');

/** As the data block of the anchor names it. */
export const owner = { rootPublicKey: root.publicKey, product, epoch };

export function delegate(
  role: Role,
  name: string,
  { by = root, ...change }: { counterCap?: number; epoch?: number; product?: string; by?: typeof root } = {},
): Promise<Bytes> {
  return makeDelegation(crypto, by, {
    ...{ role, publicKey: keyPair(name).publicKey, product, counterCap: 1000, epoch },
    ...change,
  });
}

/** The package signer's, or what a stranger gives to himself. */
const delegateOf = (stranger: string | undefined): Promise<Bytes> =>
  stranger === undefined
    ? delegate('package-signer', 'package signer')
    : makeDelegation(crypto, signerOf(stranger), {
        ...{
          role: 'package-signer',
          publicKey: keyPair(stranger).publicKey,
          product,
          counterCap: 1000,
          epoch,
        },
      });

/** Bytes that differ everywhere. */
export const pattern = (length: number, seed: number): Bytes => {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
};

export function certify(keys: { signingKey: Bytes; kemKey: Bytes; chipId: string }): Promise<Bytes> {
  const device: DevicePublic = {
    ...keys,
    thumbprint: thumbprintOf(crypto, keys.signingKey, keys.kemKey),
    ...{ product, origin },
  };
  return issueDeviceCertificate(crypto, {
    ...{ device, signer: signerOf('device CA'), notBefore: new Date('2026-01-01T00:00:00Z') },
  });
}

export interface TestPackage extends SealedPackage {
  readonly file: Bytes;
  readonly headerBytes: Bytes;
  readonly records: readonly Bytes[];
}

/** Where firmware, keys and data stand on the chips that the tests use. */
export const places = {
  stm32f427: { firmware: 0x08040000, second: 0x08060000, keys: 0x080a0000, data: 0x080c0000 },
  stm32f405: { firmware: 0x08040000, second: 0x08060000, keys: 0x080a0000, data: 0x080c0000 },
  stm32h743: { firmware: 0x08000000, second: 0x08020000, keys: 0x08060000, data: 0x08080000 },
} as const;
export type TestChipId = keyof typeof places;

/** A vector table that links to where it is stored, then a pattern. */
export function firmware(address: number, length: number, seed: number): Bytes {
  const bytes = pattern(length, seed);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x20001000, true);
  view.setUint32(4, address + 0x101, true);
  return bytes;
}

export function smallAreas(chipId: TestChipId, seed = 1): readonly SealArea[] {
  const place = places[chipId];
  return [
    {
      area: { kind: 'firmware', address: place.firmware, lengthBytes: 2144 },
      plaintext: firmware(place.firmware, 2144, seed),
    },
    {
      area: { kind: 'firmware', address: place.second, lengthBytes: 1024 },
      plaintext: pattern(1024, seed + 1),
    },
    { area: { kind: 'generated-keys', address: place.keys, lengthBytes: 64, onUpdate: 'keep' } },
    { area: { kind: 'device-data', address: place.data, lengthBytes: 96 } },
  ];
}

export interface PackageChange {
  readonly core?: Partial<SealInputs['core']>;
  readonly areas?: readonly SealArea[];
  readonly delegation?: Bytes;
  readonly epoch?: Bytes;
  readonly successions?: readonly Bytes[];
  /** Cryptography that seals wrongly, for packages that no owner makes. */
  readonly crypto?: Crypto;
  /** Name of somebody else who signs it, and whose key is the root. */
  readonly stranger?: string;
}

export async function makePackage(chipId: string, change: PackageChange = {}): Promise<TestPackage> {
  const sealed = await sealPackage(change.crypto ?? crypto, {
    core: {
      ...{ product, chips: [chipId], firmwareVersion: '1.2.3', securityCounter: 5, chunkSizeBytes: 1024 },
      ...{
        entry: change.core?.entry ?? places[chipId as TestChipId].firmware,
        optionBytes: [],
        leastReadoutLevel: 0,
        interruption: 'resume',
      },
      ...{ leastAgentVersion: 1, bootCheck: 'record' },
      ...change.core,
    } as SealInputs['core'],
    areas: change.areas ?? smallAreas(chipId as TestChipId),
    signer: signerOf(change.stranger ?? 'package signer'),
    delegation: change.delegation ?? (await delegateOf(change.stranger)),
    rootPublicKey: keyPair(change.stranger ?? 'root').publicKey,
    ...(change.epoch ? { epoch: change.epoch } : {}),
    ...(change.successions ? { successions: change.successions } : {}),
  });
  const file = concatBytes(...sealed.parts);
  const { headerBytes, recordsOffset } = splitPackage(file);
  const records: Bytes[] = [];
  let offset = recordsOffset;
  for (const { area, plaintext } of change.areas ?? smallAreas(chipId as TestChipId))
    for (let done = 0; plaintext && done < area.lengthBytes; ) {
      const chunk = Math.min(sealed.manifest.core.chunkSizeBytes, area.lengthBytes - done);
      records.push(file.slice(offset, offset + 48 + chunk));
      offset += 48 + chunk;
      done += chunk;
    }
  return { ...sealed, file, headerBytes, records };
}

export const deviceData = pattern(96, 77);

export interface LicenseChange {
  readonly terms?: Partial<LicenseTerms>;
  readonly deviceData?: readonly Uint8Array[];
  readonly delegation?: Bytes;
  readonly epoch?: Bytes;
  readonly contentKey?: Bytes;
}

export interface TestLicense {
  readonly bundle: Bytes;
  readonly terms: LicenseTerms;
  /** Of the license, 32 bytes. */
  readonly digest: Bytes;
}

const delegationDigestOf = (delegation: Bytes): Bytes =>
  digestOf(crypto, openSigned(delegation, delegationKind));

/** Keyed digests of the data, each under the key of its area. */
function digestsOf({ manifest, contentKey }: SealedPackage, data: readonly Uint8Array[]): Bytes[] {
  const keys = openContentKeys(crypto, manifest, new Secret(contentKey.expose().slice()));
  const ordinals = [...manifest.core.areas.keys()].filter(
    (i) => manifest.core.areas[i]!.kind === 'device-data',
  );
  return ordinals.map((ordinal, i) => keys.areaDigest(ordinal, crypto.sha256(data[i] ?? new Uint8Array(0))));
}

/**
 * A license for a device and a package; with `nonce` mode session, else standing. Any part of it may be
 * changed, which the issuer of the product would refuse.
 */
export async function makeLicense(
  sealed: SealedPackage,
  device: { kemKey: Bytes; thumbprint: Bytes; nonce?: Bytes; unwraps?: number },
  change: LicenseChange = {},
): Promise<TestLicense> {
  const hasData = sealed.manifest.core.areas.some(({ kind }) => kind === 'device-data');
  const data = change.deviceData ?? (hasData ? [deviceData] : []);
  const delegation = change.delegation ?? (await delegate('license-issuer', 'license issuer'));
  const terms: LicenseTerms = {
    ...{ jobId: pattern(16, 1), licenseId: crypto.randomBytes(16), unitIndex: 0 },
    ...{ manifestDigest: sealed.manifestDigest, thumbprint: device.thumbprint },
    ...(device.nonce ? { mode: 'session' as const, nonce: device.nonce } : { mode: 'standing' as const }),
    ...{ receiptNonce: crypto.randomBytes(32), counterFloor: 0, origin },
    ...{ ceiling: ceilingFor(device.unwraps ?? 0), delegationDigest: delegationDigestOf(delegation) },
    deviceDataDigests: digestsOf(sealed, data),
    ...change.terms,
  };
  const aad = encodeTerms(terms);
  const contentKey = change.contentKey ?? sealed.contentKey.expose();
  const { enc, sealed: ciphertext } = hpkeSeal(crypto, {
    ...{ recipientPublicKey: device.kemKey, info: utf8('firmseal/1 license'), aad },
    plaintext: encodeCbor([contentKey, [...data]]),
  });
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, aad],
      [1, enc],
      [2, ciphertext],
    ]),
  );
  const signer = signerOf('license issuer');
  const license = await signCoseWith(crypto, { signer, typ: licenseKind.typ, payload });
  const bundle = makeLicenseBundle({ license, delegation, ...(change.epoch ? { epoch: change.epoch } : {}) });
  return { bundle, terms, digest: digestOf(crypto, openSigned(license, licenseKind)) };
}
