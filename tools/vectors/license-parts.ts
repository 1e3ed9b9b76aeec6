// Makes licenses for the vectors, with any part of one changed: the usual package and
// chip, terms, envelope, bundle.

import { type Bytes, Secret } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  type Delegation,
  delegationKind,
  digestOf,
  type Origin,
  openSigned,
  thumbprintOf,
} from '@firmseal/formats';
import { hpkeSeal } from '@firmseal/hpke';
import { encodeTerms, type LicenseTerms, licenseKind, makeLicenseBundle } from '@firmseal/license';
import { type Manifest, packageKeys, splitPackage, verifyHeader } from '@firmseal/seal';
import { keyPair, seededBytes, type VectorKeyName } from './vector-keys.ts';
import {
  assemble,
  delegate,
  type Fields,
  otherAreas,
  pieces,
  type ShellChange,
  signShell,
} from './workshop.ts';

export const licensedPieces = await pieces({ areas: otherAreas, core: { entry: 0x08100000 } });
export const licensedPackage = assemble(licensedPieces);
const licensedManifest = manifestOf(licensedPackage);
export const licensedManifestDigest = licensedManifest.digest;
export const deviceThumbprint = thumbprintOf(
  crypto,
  keyPair('device').publicKey,
  keyPair('device KEM').publicKey,
);
export const deviceOrigin: Origin = { kind: 'witnessed', rehearsal: false };
export const deviceData = [seededBytes('serial number', 32)];

/** The manifest of a package that the vectors made. */
export function manifestOf(file: Uint8Array): Manifest {
  const trust = { rootPublicKey: keyPair('root').publicKey };
  return verifyHeader(crypto, splitPackage(file).header, trust).manifest;
}

export const chipNonce = seededBytes('nonce of the chip', 16);
export const issuer = { role: 'license-issuer' as const, publicKey: keyPair('license issuer').publicKey };
const issuerDelegation = await delegate(issuer);

/** Keyed digests of per-device data under the content key of a package. */
export function dataDigests(manifest: Manifest, contentKey: Bytes, data: readonly Bytes[]): Bytes[] {
  const { salt, coreDigest } = manifest;
  const keys = packageKeys(crypto, { contentKey: new Secret(contentKey.slice()), salt, coreDigest });
  const ordinals = [...manifest.core.areas.keys()].filter(
    (i) => manifest.core.areas[i]!.kind === 'device-data',
  );
  return ordinals.map((ordinal, i) => keys.areaDigest(ordinal, crypto.sha256(data[i] ?? new Uint8Array(0))));
}

export const usualDigests = dataDigests(licensedManifest, licensedPieces.contentKey, deviceData);

export function termsFor(manifestDigest: Bytes, change: Partial<LicenseTerms> = {}): LicenseTerms {
  return {
    jobId: seededBytes('job', 16),
    licenseId: seededBytes('license', 16),
    unitIndex: 0,
    manifestDigest,
    thumbprint: deviceThumbprint,
    mode: 'session',
    nonce: chipNonce,
    receiptNonce: seededBytes('receipt nonce', 32),
    counterFloor: 5,
    origin: deviceOrigin,
    ceiling: 16,
    delegationDigest: delegationDigest(issuerDelegation),
    deviceDataDigests: usualDigests,
    ...change,
  };
}

/** Digest of a signed delegation. */
function delegationDigest(bytes: Uint8Array): Bytes {
  return digestOf(crypto, openSigned(bytes, delegationKind));
}

export interface LicenseParts {
  terms?: LicenseTerms;
  termsBytes?: Uint8Array;
  plaintext?: Uint8Array;
  enc?: Uint8Array;
  ciphertext?: Uint8Array;
  payload?: (fields: Fields) => void;
  payloadBytes?: Uint8Array;
  license?: Uint8Array;
  shell?: ShellChange;
  delegation?: Partial<Delegation>;
  /** Instead of the issuer's delegation: the license names the usual one. */
  delegationBytes?: Bytes;
  epoch?: Bytes;
  recipient?: VectorKeyName;
  manifestDigest?: Bytes;
  contentKey?: Bytes;
  data?: readonly Bytes[];
}

/** The license alone, with whatever is changed in it. */
export function licenseOf(parts: LicenseParts): Bytes {
  const terms = parts.terms ?? termsFor(parts.manifestDigest ?? licensedManifestDigest);
  const aad = parts.termsBytes ?? encodeTerms(terms);
  const content: CborInput = [parts.contentKey ?? licensedPieces.contentKey, [...(parts.data ?? deviceData)]];
  const { enc, sealed } = hpkeSeal(crypto, {
    recipientPublicKey: keyPair(parts.recipient ?? 'device KEM').publicKey,
    info: new TextEncoder().encode('firmseal/1 license'),
    aad,
    plaintext: parts.plaintext ?? encodeCbor(content),
    ephemeral: keyPair('HPKE ephemeral'),
  });
  const fields: Fields = new Map<number, CborInput>([
    [0, aad],
    [1, parts.enc ?? enc],
    [2, parts.ciphertext ?? sealed],
  ]);
  parts.payload?.(fields);
  return signShell(licenseKind.typ, parts.payloadBytes ?? encodeCbor(fields), 'license issuer', parts.shell);
}

export async function bundleOf(parts: LicenseParts = {}): Promise<Bytes> {
  const changed = parts.delegation ? await delegate({ ...issuer, ...parts.delegation }) : issuerDelegation;
  const terms = {
    ...(parts.terms ?? termsFor(parts.manifestDigest ?? licensedManifestDigest)),
    delegationDigest: delegationDigest(changed),
  };
  return makeLicenseBundle({
    license: (parts.license as Bytes | undefined) ?? licenseOf({ ...parts, terms }),
    delegation: parts.delegationBytes ?? changed,
    ...(parts.epoch ? { epoch: parts.epoch } : {}),
  });
}

/**
 * A standing license for a package of the package vectors, so that a chip can be led through the whole of it.
 */
export async function standingBundle(
  manifest: Manifest,
  contentKey: Bytes,
  data: readonly Bytes[],
  by: { readonly root: VectorKeyName; readonly epoch: number },
): Promise<Bytes> {
  const delegation = await delegate({ ...issuer, epoch: by.epoch }, by.root);
  const { nonce: _, ...terms } = termsFor(manifest.digest, {
    mode: 'standing',
    counterFloor: manifest.core.securityCounter,
    delegationDigest: delegationDigest(delegation),
    deviceDataDigests: dataDigests(manifest, contentKey, data),
  });
  return makeLicenseBundle({ license: licenseOf({ terms, contentKey, data }), delegation });
}
