// The order of checks of a license: spec/license.md section 4. Steps 1 to 4 anyone can do; 5 to 8 need the
// package and the state of the chip; 9 needs the chip's key (chips of software, tests, vectors).

import { type Bytes, equalBytes, Secret } from '@firmseal/bytes';
import { arrayOf, byteString, field, tuple } from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  checkCounterCap,
  digestOf,
  type GrownTrust,
  type Origin,
  openSigned,
  pointBytes,
  readItem,
  readObject,
  readValue,
  sameOrigin,
  type Trust,
  type VerifiedDelegation,
  verifyAuthority,
  verifySigned,
} from '@firmseal/formats';
import { hpkeOpen } from '@firmseal/hpke';
import { type Manifest, openContentKeys } from '@firmseal/seal';
import { readLicenseBundle } from './bundle.ts';
import { deviceDataAreas, licenseInfo, licenseKind } from './issue-license.ts';
import { decodeTerms, type LicenseTerms } from './terms.ts';

/** Terms, with what is sealed to their receiver, as an issuer signed them. */
export interface VerifiedEnvelope<Terms> {
  readonly terms: Terms;
  /** As encoded: the aad of the envelope. */
  readonly termsBytes: Bytes;
  /** Digest of the signed object: what a chip journals and its receipt binds. */
  readonly digest: Bytes;
  readonly issuer: VerifiedDelegation;
  /** As the bundle leaves it, with the issuer's delegation. */
  readonly trust: GrownTrust;
  readonly enc: Bytes;
  readonly ciphertext: Bytes;
}

export type VerifiedLicense = VerifiedEnvelope<LicenseTerms>;

export const envelopeShape = {
  termsBytes: field(0, byteString(0, 2048)),
  enc: field(1, pointBytes),
  ciphertext: field(2, byteString(52, 1200)),
};

/**
 * Shape of the signed license alone, for display: nothing in it can be believed. Throws as decodeTerms does.
 */
export function readLicenseTermsUnverified(license: Uint8Array): LicenseTerms {
  const { payload } = openSigned(license, licenseKind);
  return decodeTerms(readObject(payload, 'license-malformed', 'license', envelopeShape).termsBytes);
}

/**
 * Steps 1 to 4. The trust is the one that the package's header left (VerifiedHeader.trust) where the license
 * is for a package that is at hand: then a revoked signer is noticed here too. Throws `license-malformed`,
 * the faults of verifyAuthority, `license-malformed`, `license-signature-invalid`, `license-malformed`,
 * `license-version-unsupported`, `license-delegation-wrong`.
 */
export function verifyLicense(crypto: Crypto, inputs: Trust & { bundle: Uint8Array }): VerifiedLicense {
  const { bundle, ...known } = inputs;
  const { license, delegation, epoch: epochStatement } = readLicenseBundle(bundle);
  const { delegate: issuer, trust } = verifyAuthority(
    crypto,
    { delegation, epochStatement },
    { ...known, role: 'license-issuer' },
  );
  const object = verifySigned(crypto, license, { kind: licenseKind, publicKey: issuer.publicKey });
  const shape = readObject(object.payload, 'license-malformed', 'license', envelopeShape);
  const terms = decodeTerms(shape.termsBytes);
  if (!equalBytes(terms.delegationDigest, issuer.digest)) throw new Fault('license-delegation-wrong');
  return { ...shape, terms, digest: digestOf(crypto, object), issuer, trust };
}

/** A license after its date is not used any more (license.md section 4). Throws `license-expired`. */
export function checkLicenseDate({ notAfterSeconds }: LicenseTerms, now: Date): void {
  if (notAfterSeconds !== undefined && now.getTime() > notAfterSeconds * 1000)
    throw new Fault('license-expired', { notAfter: new Date(notAfterSeconds * 1000).toISOString() });
}

/** What a chip brings to the checks of a license. */
export interface LicenseContext {
  readonly manifest: Manifest;
  readonly thumbprint: Uint8Array;
  readonly origin: Origin;
  /** Of its last hello, when that had a challenge and no unwrap has used it up. */
  readonly nonce?: Uint8Array;
  /** How often the chip unwrapped so far. */
  readonly unwraps: number;
  /** The license that was unwrapped last, and whether its install ended well. */
  readonly journaled?: { readonly digest: Uint8Array; readonly ended: boolean };
}

/**
 * Steps 5 to 8. Throws `license-manifest-wrong`, `license-device-wrong`, `license-origin-wrong`,
 * `license-nonce-wrong`, `license-counter-floor`, `delegation-counter-exceeded`, `license-unwraps-exhausted`.
 */
export function checkLicenseForChip(license: VerifiedLicense, context: LicenseContext): void {
  const { terms, issuer, digest } = license;
  const { manifest, thumbprint, origin, nonce, journaled, unwraps } = context;
  if (!equalBytes(terms.manifestDigest, manifest.digest)) throw new Fault('license-manifest-wrong');
  if (!equalBytes(terms.thumbprint, thumbprint)) throw new Fault('license-device-wrong');
  if (!sameOrigin(terms.origin, origin)) throw new Fault('license-origin-wrong');
  const again = journaled !== undefined && !journaled.ended && equalBytes(journaled.digest, digest);
  if (terms.nonce && !again && !(nonce && equalBytes(terms.nonce, nonce)))
    throw new Fault('license-nonce-wrong');
  const { securityCounter } = manifest.core;
  if (securityCounter < terms.counterFloor)
    throw new Fault('license-counter-floor', { securityCounter, floor: terms.counterFloor });
  checkCounterCap(issuer, securityCounter);
  if (unwraps >= terms.ceiling)
    throw new Fault('license-unwraps-exhausted', { unwraps, ceiling: terms.ceiling });
}

const envelope = tuple(bytes32, arrayOf(byteString(0, 1024), 0, 8));

/**
 * Step 9. The caller wipes the content key. Throws `license-unwrap-failed`, `license-data-wrong`,
 * `key-commitment-wrong`, `license-data-wrong` (the data are not those of the digests).
 */
export function openLicense(
  crypto: Crypto,
  inputs: {
    license: Pick<VerifiedLicense, 'enc' | 'ciphertext' | 'termsBytes' | 'terms'>;
    manifest: Manifest;
    recipient: KeyPair;
  },
): { contentKey: Secret; deviceData: Bytes[] } {
  const { license, manifest, recipient } = inputs;
  const { enc, ciphertext: sealed, termsBytes: aad, terms } = license;
  const plaintext = hpkeOpen(crypto, { recipient, enc, info: licenseInfo, aad, sealed });
  if (!plaintext) throw new Fault('license-unwrap-failed');
  const value = readItem(plaintext, 'license-data-wrong');
  const [key, deviceData] = readValue(value, 'license-data-wrong', 'license', envelope);
  const contentKey = new Secret(key);
  const ordinals = deviceDataAreas(manifest, deviceData);
  const digests = terms.deviceDataDigests;
  if (digests.length !== ordinals.length) throw new Fault('license-data-wrong');
  const keys = openContentKeys(crypto, manifest, contentKey);
  for (const [i, ordinal] of ordinals.entries())
    if (!equalBytes(keys.areaDigest(ordinal, crypto.sha256(deviceData[i]!)), digests[i]!))
      throw new Fault('license-data-wrong');
  return { contentKey, deviceData };
}
