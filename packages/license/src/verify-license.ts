// The order of checks of a license: spec/license.md section 4. Steps 1 to 4 anyone can do; 5 to 8 need the
// package and the state of the chip; 9 needs the chip's key (chips of software, tests, vectors).

import { equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { checkCounterCap, type Origin, sameOrigin, type Trust } from '@firmseal/formats';
import type { Manifest } from '@firmseal/seal';
import {
  openEnvelope,
  readEnvelopeUnverified,
  readTermsUnverified,
  type VerifiedEnvelope,
  verifyEnvelope,
} from './envelope.ts';
import { licenseEnvelope } from './issue-license.ts';
import type { LicenseTerms } from './terms.ts';

export type VerifiedLicense = VerifiedEnvelope<LicenseTerms>;

/** The terms of a license alone, for display: nothing in them can be believed. Throws as decodeTerms does. */
export const readLicenseTermsUnverified = (license: Uint8Array): LicenseTerms =>
  readTermsUnverified(license, licenseEnvelope);

/** Terms and digest of a license whose signature somebody else verified. Throws as decodeTerms does. */
export const readLicenseUnverified = (
  crypto: Crypto,
  license: Uint8Array,
): Pick<VerifiedLicense, 'terms' | 'digest'> => readEnvelopeUnverified(crypto, licenseEnvelope, license);

/**
 * Steps 1 to 4. The trust is the one that the package's header left (VerifiedHeader.trust) where the license
 * is for a package that is at hand: then a revoked signer is noticed here too. Throws `license-malformed`,
 * the faults of verifyAuthority, `license-malformed`, `license-signature-invalid`, `license-malformed`,
 * `license-version-unsupported`, `license-delegation-wrong`.
 */
export const verifyLicense = (crypto: Crypto, inputs: Trust & { bundle: Uint8Array }): VerifiedLicense =>
  verifyEnvelope(crypto, licenseEnvelope, inputs);

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

/** Step 9. The caller wipes the content key. Throws as openEnvelope does. */
export const openLicense = (crypto: Crypto, inputs: Parameters<typeof openEnvelope<LicenseTerms>>[2]) =>
  openEnvelope(crypto, licenseEnvelope, inputs);
