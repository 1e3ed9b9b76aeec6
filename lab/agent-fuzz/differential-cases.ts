// Inputs for the differential fuzzer, made from the vectors: each object is taken apart, changed at one
// level, and put together again, so that lengths, hashes and signatures around the change are right. One in
// eight is changed as a whole, and one in sixteen not at all.

import { type Bytes, concatBytes, fromHex, Secret } from '@firmseal/bytes';
import { type CborInput, decodeCbor, encodeCbor, openCose } from '@firmseal/cbor-cose';
import {
  delegationKind,
  digestOf,
  epochKind,
  grantOf,
  openSigned,
  originNumber,
  successionKind,
} from '@firmseal/formats';
import { hpkeSeal } from '@firmseal/hpke';
import { licenseKind } from '@firmseal/license';
import { encodeFrame } from '@firmseal/link';
import { type Manifest, manifestKind, packageKeys, splitPackage } from '@firmseal/seal';
import {
  device,
  licenseIssuer,
  nonce,
  origin,
  packageSigner,
  product,
  root,
  signedObject,
  thumbprint,
  vectorsOf,
} from './fuzz-device.ts';
import { type FuzzRandom, mutated } from './mutate.ts';
import { standInCrypto, standInKeyPair } from './stand-in-crypto.ts';

type Fields = Map<number, CborInput>;
const decode = (bytes: Uint8Array) => decodeCbor(bytes, { maxBytes: bytes.length });
const map = (entries: [number, CborInput][]): Bytes => encodeCbor(new Map(entries));

/** Applies the one change of a case at the level that was chosen. */
class Change {
  readonly #level: number;
  readonly #random: FuzzRandom;
  #next = 0;
  constructor(levels: number, random: FuzzRandom) {
    this.#random = random;
    const choice = random.below(16);
    this.#level = choice === 0 ? -1 : choice < 3 ? levels - 1 : random.below(levels);
  }
  /** The bytes of the next level, innermost first. */
  at(bytes: Bytes): Bytes {
    return this.#next++ === this.#level ? mutated(bytes, this.#random) : bytes;
  }
}

const packageCases = vectorsOf('package/open.json').cases as {
  file: string;
  chip?: string;
  fault?: string;
}[];

const counterCap = 40;

/** The payload of a manifest, under the grant of the stand-in's package signer. */
function regranted(payload: Bytes): Fields {
  const { publicKey } = packageSigner;
  const grant = grantOf(standInCrypto, { role: 'package-signer', publicKey, product, counterCap });
  return new Map([...(decode(payload) as Fields), [5, grant]]);
}

/**
 * Payload and core of each package of the vectors that can be read as such; headers
 * as they are, for the rest.
 */
const packages = packageCases
  .filter(({ chip = 'stm32f427' }) => chip === 'stm32f427')
  .flatMap(({ file }) => {
    try {
      const { header } = splitPackage(fromHex(file));
      const payload = regranted(openCose(header.manifest, manifestKind.typ).payload);
      return [{ core: payload.get(0) as Bytes, payload, hasEpoch: header.epoch !== undefined }];
    } catch {
      return [];
    }
  });

const headers = packageCases.flatMap(({ file }) => {
  try {
    return [splitPackage(fromHex(file)).headerBytes];
  } catch {
    return [];
  }
});

const roleNumbers = { 'package-signer': 1, 'license-issuer': 2 } as const;
type FuzzRole = keyof typeof roleNumbers;
export const roleNumberOf = (role: FuzzRole): number => roleNumbers[role];

const delegationPayload = (role: FuzzRole, epoch = 1): Bytes => {
  const key = role === 'package-signer' ? packageSigner : licenseIssuer;
  return map([
    [0, 1],
    [1, roleNumbers[role]],
    [2, key.publicKey],
    [3, product],
    [4, counterCap],
    [5, epoch],
  ]);
};
const epochPayload = (epoch: number): Bytes =>
  map([
    [0, 1],
    [1, product],
    [2, epoch],
  ]);
const nextRoot = standInKeyPair(new Uint8Array(32).fill(0x39));
const successionPayload = (epoch: number): Bytes =>
  map([
    [0, 1],
    [1, product],
    [2, nextRoot.publicKey],
    [3, epoch],
  ]);

export interface AuthorityCase {
  readonly delegation: Bytes;
  readonly succession?: Bytes;
  readonly statement?: Bytes;
  readonly role: FuzzRole;
  readonly epoch: number;
}

export function authorityCase(random: FuzzRandom): AuthorityCase {
  const change = new Change(6, random);
  const role = random.pick(['package-signer', 'license-issuer'] as const);
  const follows = random.below(3) === 0;
  // Some successions are of a root that nobody knows, and are passed over.
  const by = random.below(4) > 0 ? root : nextRoot;
  const present = follows && by === root ? nextRoot : root;
  const epochs = follows ? [2, 3, 4] : [1, 1, 2, 3];
  const succession = signedObject(
    successionKind.typ,
    change.at(successionPayload(random.pick([1, 2, 3]))),
    by.publicKey,
  );
  const statement = signedObject(
    epochKind.typ,
    change.at(epochPayload(random.pick([1, 2, 3]))),
    present.publicKey,
  );
  const payload = change.at(delegationPayload(role, random.pick(epochs)));
  return {
    ...(follows ? { succession: change.at(succession) } : {}),
    statement: change.at(statement),
    delegation: change.at(signedObject(delegationKind.typ, payload, present.publicKey)),
    role,
    epoch: random.pick([0, 1, 2]),
  };
}

/** A header, whole: [manifest, delegation, epoch, successions, license]. */
export function headerCase(random: FuzzRandom): Bytes {
  if (random.below(10) === 0) return mutated(random.pick(headers), random);
  const { core, payload, hasEpoch } = random.pick(packages);
  const change = new Change(7, random);
  const fields: Fields = new Map(payload);
  fields.set(0, change.at(core));
  const manifestPayload = change.at(encodeCbor(fields));
  const manifest = change.at(signedObject(manifestKind.typ, manifestPayload, packageSigner.publicKey));
  const payloadOfDelegation = change.at(delegationPayload('package-signer'));
  const delegation = change.at(signedObject(delegationKind.typ, payloadOfDelegation, root.publicKey));
  const epoch = hasEpoch ? signedObject(epochKind.typ, epochPayload(1), root.publicKey) : null;
  // Of a root that the chip never had: passed over, unless it was changed.
  const passed = signedObject(successionKind.typ, successionPayload(9), nextRoot.publicKey);
  const successions = random.below(4) === 0 ? [change.at(passed)] : [];
  return change.at(encodeCbor([manifest, delegation, epoch, successions, null]));
}

/**
 * Every package of the vectors that can be taken apart, as it is but for signatures of the
 * stand-in; with higher epochs too.
 */
export const soundHeaders = (): Bytes[] =>
  packages.flatMap(({ payload }) =>
    [1, 3].map((epoch) => {
      const manifest = signedObject(manifestKind.typ, encodeCbor(payload), packageSigner.publicKey);
      const delegation = signedObject(
        delegationKind.typ,
        delegationPayload('package-signer', 3),
        root.publicKey,
      );
      const statement = signedObject(epochKind.typ, epochPayload(epoch), root.publicKey);
      return encodeCbor([manifest, delegation, statement, [], null]);
    }),
  );

const licensed = vectorsOf('license/open.json');

/** The header of the package that licenses are for, with signatures of the stand-in. */
export const licensedHeader = (): Bytes => headerWith(manifestPayloadOf(fromHex(licensed.package)));

/** The header with that manifest's payload, all signed again; with or without a license. */
export function headerWith(payload: Bytes, license: Bytes | null = null): Bytes {
  const manifest = signedObject(manifestKind.typ, payload, packageSigner.publicKey);
  const delegation = signedObject(delegationKind.typ, delegationPayload('package-signer'), root.publicKey);
  return encodeCbor([manifest, delegation, null, [], license]);
}

/** Payload of the manifest of a package file, under the grant of the stand-in's package signer. */
export const manifestPayloadOf = (file: Bytes): Bytes =>
  encodeCbor(regranted(openCose(splitPackage(file).header.manifest, manifestKind.typ).payload));

interface LicenseContent {
  readonly contentKey: Bytes;
  readonly deviceData: readonly Bytes[];
}

const issuerDelegation = signedObject(
  delegationKind.typ,
  delegationPayload('license-issuer'),
  root.publicKey,
);

function dataDigests({ core, salt, coreDigest }: Manifest, { contentKey, deviceData }: LicenseContent) {
  const keys = packageKeys(standInCrypto, { contentKey: new Secret(contentKey.slice()), salt, coreDigest });
  const ordinals = [...core.areas.keys()].filter((i) => core.areas[i]!.kind === 'device-data');
  return ordinals.map((ordinal, i) => keys.areaDigest(ordinal, standInCrypto.sha256(deviceData[i]!)));
}

/** What a license says of whom it is for, and how often. */
interface LicenseKind {
  readonly mode: 1 | 2;
  readonly thumbprint: Bytes;
  readonly originNumber: number;
  readonly ceiling: number;
}
const soundLicense = { thumbprint, originNumber: originNumber(origin), ceiling: 16 };

const terms = (manifest: Manifest, content: LicenseContent, { mode, ...kind }: LicenseKind): Bytes =>
  map([
    [0, 1],
    [1, new Uint8Array(16).fill(1)],
    [2, new Uint8Array(16).fill(2)],
    [3, 0],
    [4, manifest.digest],
    [5, kind.thumbprint],
    [6, mode],
    ...(mode === 1 ? ([[7, nonce]] as [number, CborInput][]) : []),
    [8, new Uint8Array(32).fill(3)],
    [9, 5],
    [10, kind.originNumber],
    [11, kind.ceiling],
    [12, digestOf(standInCrypto, openSigned(issuerDelegation, delegationKind))],
    [13, dataDigests(manifest, content)],
    ...(mode === 2 ? ([[14, 1_800_000_000]] as [number, CborInput][]) : []),
  ]);

const licenseInfo = new TextEncoder().encode('firmseal/1 license');
const ephemeral = standInKeyPair(new Uint8Array(32).fill(0x38));

/** A license bundle for the package, its content key and the data of its areas. */
function bundleFor(
  manifest: Manifest,
  content: LicenseContent,
  kind: LicenseKind,
  change: Pick<Change, 'at'>,
): Bytes {
  const aad = change.at(terms(manifest, content, kind));
  const plaintext = change.at(encodeCbor([content.contentKey, [...content.deviceData]]));
  const recipientPublicKey = device.kem.publicKey;
  const { enc, sealed } = hpkeSeal(standInCrypto, {
    recipientPublicKey,
    info: licenseInfo,
    aad,
    plaintext,
    ephemeral,
  });
  const payload = change.at(
    map([
      [0, aad],
      [1, enc],
      [2, sealed],
    ]),
  );
  const license = change.at(signedObject(licenseKind.typ, payload, licenseIssuer.publicKey));
  const payloadOfDelegation = change.at(delegationPayload('license-issuer'));
  const delegation = change.at(signedObject(delegationKind.typ, payloadOfDelegation, root.publicKey));
  return change.at(encodeCbor([license, delegation, null]));
}

export function licenseCase(random: FuzzRandom, manifest: Manifest): Bytes {
  const content = {
    contentKey: fromHex(licensed.contentKey),
    deviceData: licensed.deviceData.map((hex: string) => fromHex(hex)),
  };
  const kind = {
    mode: random.pick([1, 2] as const),
    thumbprint: random.below(16) === 0 ? manifest.digest : thumbprint,
    originNumber: random.below(8) === 0 ? 2 : 1,
    ceiling: random.below(8) === 0 ? 0 : 16,
  };
  return bundleFor(manifest, content, kind, new Change(7, random));
}

/**
 * A bundle as it should be, for a package without data for the device; standing, or for the
 * session with the fixed nonce.
 */
export const soundBundle = (manifest: Manifest, contentKey: Bytes, mode: 'session' | 'standing'): Bytes =>
  bundleFor(
    manifest,
    { contentKey, deviceData: [] },
    { ...soundLicense, mode: mode === 'session' ? 1 : 2 },
    { at: (bytes) => bytes },
  );

const cborSeeds = [
  ...(vectorsOf('cbor/decode.json').cases as { hex?: string; bytes?: string }[]).map(
    ({ hex, bytes }) => hex ?? bytes!,
  ),
]
  .map((hex) => fromHex(hex))
  .filter(({ length }) => length < 2000);

export function cborCase(random: FuzzRandom): Bytes {
  if (random.below(3) > 0) return mutated(random.pick(cborSeeds), random);
  const { core, payload } = random.pick(packages);
  return mutated(random.below(2) === 0 ? core : encodeCbor(payload), random);
}

const typs = [
  manifestKind.typ,
  delegationKind.typ,
  epochKind.typ,
  successionKind.typ,
  licenseKind.typ,
] as const;

export function coseCase(random: FuzzRandom): { bytes: Bytes; typ: string; number: number } {
  const number = random.below(typs.length);
  const payload = random.bytes(random.pick([0, 1, 23, 24, 100, 255, 256, 300]));
  const made = signedObject(
    random.below(8) === 0 ? random.pick(typs) : typs[number]!,
    payload,
    root.publicKey,
  );
  return { bytes: random.below(10) === 0 ? made : mutated(made, random), typ: typs[number]!, number };
}

/** A few frames as they come over the line, changed before or after the CRC, with rubbish in between. */
export function framesCase(random: FuzzRandom): Bytes {
  const pieces = Array.from({ length: 1 + random.below(4) }, () => {
    const body =
      random.below(2) === 0
        ? random.bytes(random.below(300))
        : new Uint8Array(random.below(600)).fill(random.pick([0, 1, 255]));
    const frame = encodeFrame({ type: random.below(256), sequence: random.below(256), body });
    return random.below(2) === 0 ? frame : mutated(frame, random);
  });
  return concatBytes(
    ...(random.below(8) === 0 ? [random.bytes(random.below(20))] : []),
    ...pieces,
    Uint8Array.of(0),
  );
}
