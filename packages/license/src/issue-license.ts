// Makes a license of a chip. spec/license.md sections 1 and 2. Whether the chip may have one (certificate,
// hello, quota) was decided by the authority before.

import { type Bytes, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { SignedKind } from '@firmseal/formats';
import { type EnvelopeInputs, type EnvelopeKind, sealEnvelope } from './envelope.ts';
import { decodeTerms, encodeTerms, type LicenseTerms } from './terms.ts';

export const licenseKind: SignedKind = {
  typ: 'application/firmseal-license',
  payloadMaxBytes: 2048,
  malformed: 'license-malformed',
  invalid: 'license-signature-invalid',
};

export const licenseEnvelope: EnvelopeKind<LicenseTerms> = {
  signed: licenseKind,
  name: 'license',
  info: utf8('firmseal/1 license'),
  encodeTerms,
  decodeTerms,
  delegationFault: () => new Fault('license-delegation-wrong'),
};
/** Unwraps that a license allows beyond those that the issuer knows of, when the owner says nothing else. */
const unwrapsAllowed = 16;
const countMax = 2 ** 31 - 1;

/** The ceiling for a chip that unwrapped so often, as far as the issuer knows: spec/license.md section 5. */
export function ceilingFor(unwraps: number, allowed: number = unwrapsAllowed): number {
  return Math.min(unwraps + allowed, countMax);
}

export type LicenseInputs = EnvelopeInputs<LicenseTerms>;

/** The signed license and its terms. Throws as sealEnvelope does. */
export async function issueLicense(
  crypto: Crypto,
  inputs: LicenseInputs,
): Promise<{ license: Bytes; terms: LicenseTerms }> {
  if ((inputs.terms.mode === 'session') !== (inputs.terms.nonce !== undefined))
    throw new Fault('internal-error', { detail: 'a session license and only that carries a nonce' });
  return sealEnvelope(crypto, licenseEnvelope, inputs);
}
