// The order of checks of a license: spec/license.md section 4. Steps 1 and 2 anyone can do; 3 to 6 need the
// package and the state of the chip; 7 needs the chip's key (chips of software, tests, vectors).

import { type Bytes, equalBytes, Secret } from '@firmseal/bytes';
import { arrayOf, byteString, field, tuple } from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes32,
  checkCounterCap,
  checkSigned,
  type Delegation,
  digestOf,
  openSigned,
  pointBytes,
  readItem,
  readObject,
  readValue,
  type Trust,
  verifyAuthority,
} from '@firmseal/formats';
import { hpkeOpen } from '@firmseal/hpke';
import { type Manifest, openContentKeys } from '@firmseal/seal';
import { readLicenseBundle } from './bundle.ts';
import { licenseInfo, licenseTyp } from './issue-license.ts';
import { decodeTerms, type LicenseTerms } from './terms.ts';

export interface VerifiedLicense {
  readonly terms: LicenseTerms;
  /** As encoded: the aad of the envelope. */
  readonly termsBytes: Bytes;
  /** Digest of the signed object: what a chip journals. */
  readonly digest: Bytes;
  readonly issuer: Delegation;
  /** In force, with the statement that came along. */
  readonly epoch: number;
  readonly enc: Bytes;
  readonly ciphertext: Bytes;
}

const licenseShape = {
  termsBytes: field(0, byteString(0, 2048)),
  enc: field(1, pointBytes),
  ciphertext: field(2, byteString(52, 1200)),
};

/**
 * Shape of the signed license alone, for display: nothing in it can be believed. Throws as decodeTerms does.
 */
export function readLicenseTermsUnverified(license: Uint8Array): LicenseTerms {
  const { payload } = openSigned(license, licenseTyp, 'license-malformed');
  return decodeTerms(readObject(payload, 'license-malformed', 'license', licenseShape).termsBytes);
}

/**
 * Steps 1 and 2. `trust.epoch` is the one in force after the package's statement. Throws
 * `license-malformed`, the epoch and delegation faults, `license-malformed`, `license-signature-invalid`,
 * `license-malformed`, `license-version-unsupported`.
 */
export function verifyLicense(crypto: Crypto, inputs: Trust & { bundle: Uint8Array }): VerifiedLicense {
  const { bundle, ...trust } = inputs;
  const { license, delegation, epoch: epochStatement } = readLicenseBundle(bundle);
  const { delegate: issuer, epoch } = verifyAuthority(
    crypto,
    { delegation, epochStatement },
    { ...trust, role: 'license-issuer' },
  );
  const object = openSigned(license, licenseTyp, 'license-malformed');
  checkSigned(crypto, object, { publicKey: issuer.publicKey, invalid: 'license-signature-invalid' });
  const shape = readObject(object.payload, 'license-malformed', 'license', licenseShape);
  const terms = decodeTerms(shape.termsBytes);
  return { ...shape, terms, digest: digestOf(crypto, object), issuer, epoch };
}

/** What a chip brings to the checks of a license. */
export interface LicenseContext {
  readonly manifest: Manifest;
  readonly thumbprint: Uint8Array;
  /** The chip's current nonce; none after an unwrap has used it up. */
  readonly nonce?: Uint8Array;
  /** The license that was unwrapped last: its digest, and how often. */
  readonly journaled?: { readonly digest: Uint8Array; readonly unwraps: number };
}

export const unwrapsMax = 16;

/**
 * Steps 3 to 6. Throws `license-manifest-wrong`, `license-device-wrong`, `license-nonce-wrong`,
 * `license-counter-floor`, `delegation-counter-exceeded`, `license-unwraps-exhausted`.
 */
export function checkLicenseForChip(license: VerifiedLicense, context: LicenseContext): void {
  const { terms, issuer, digest } = license;
  const { manifest, thumbprint, nonce, journaled } = context;
  if (!equalBytes(terms.manifestDigest, manifest.digest)) throw new Fault('license-manifest-wrong');
  if (!equalBytes(terms.thumbprint, thumbprint)) throw new Fault('license-device-wrong');
  const again = journaled !== undefined && equalBytes(journaled.digest, digest);
  if (terms.nonce && !again && !(nonce && equalBytes(terms.nonce, nonce)))
    throw new Fault('license-nonce-wrong');
  const { securityCounter } = manifest.core;
  if (securityCounter < terms.counterFloor)
    throw new Fault('license-counter-floor', { securityCounter, floor: terms.counterFloor });
  checkCounterCap(issuer, securityCounter);
  if (again && journaled.unwraps >= unwrapsMax) throw new Fault('license-unwraps-exhausted');
}

const envelope = tuple(bytes32, arrayOf(byteString(0, 1024), 0, 8));

/**
 * Step 7. The caller wipes the content key. Throws `license-unwrap-failed`,
 * `license-data-wrong`, `key-commitment-wrong`.
 */
export function openLicense(
  crypto: Crypto,
  inputs: {
    license: Pick<VerifiedLicense, 'enc' | 'ciphertext' | 'termsBytes'>;
    manifest: Manifest;
    recipient: KeyPair;
  },
): { contentKey: Secret; deviceData: Bytes[] } {
  const { license, manifest, recipient } = inputs;
  const { enc, ciphertext: sealed, termsBytes: aad } = license;
  const plaintext = hpkeOpen(crypto, { recipient, enc, info: licenseInfo, aad, sealed });
  if (!plaintext) throw new Fault('license-unwrap-failed');
  const value = readItem(plaintext, 'license-data-wrong');
  const [key, deviceData] = readValue(value, 'license-data-wrong', 'license', envelope);
  const contentKey = new Secret(key);
  const areas = manifest.core.areas.filter(({ kind }) => kind === 'device-data');
  const fits =
    areas.length === deviceData.length &&
    areas.every((area, i) => area.lengthBytes === deviceData[i]!.length);
  if (!fits) throw new Fault('license-data-wrong');
  openContentKeys(crypto, manifest, contentKey);
  return { contentKey, deviceData };
}
