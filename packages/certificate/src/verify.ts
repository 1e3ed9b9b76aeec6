// Verifies a device certificate in the order of spec/device.md section 2: outside,
// signature, then what was signed.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import { noExpiry } from './profile.ts';
import { readChipId, readOutside, readProfile } from './read-profile.ts';

/**
 * The kind of chip that a certificate names, for display: nothing in it is verified.
 * Empty where it cannot be read.
 */
export function chipIdOfCertificate(certificate: Uint8Array): string {
  try {
    return readChipId(certificate);
  } catch {
    return '';
  }
}

/** `2026-11-29`; `no date` for a moment that no calendar has. */
const dayOf = (moment: Date): string =>
  Number.isNaN(moment.getTime()) ? 'no date' : moment.toISOString().slice(0, 10);

/**
 * The device of a certificate. `caPublicKeys` are those of verified delegations of role device CA, one or
 * more. Throws, in this order, `certificate-malformed`, `certificate-signature-invalid`,
 * `certificate-malformed`, `certificate-product-wrong`, `certificate-expired`, `certificate-malformed` (the
 * name is not the thumbprint of the keys).
 */
export function verifyDeviceCertificate(
  crypto: Crypto,
  certificate: Uint8Array,
  expected: { caPublicKeys: readonly Uint8Array[]; product?: string; now: Date },
): DevicePublic {
  const { tbs, signature } = readOutside(certificate);
  if (!expected.caPublicKeys.some((key) => crypto.verifyEs256(key, tbs, signature)))
    throw new Fault('certificate-signature-invalid');
  const { product, chipId, commonName, origin, notBefore, notAfter, ...keys } = readProfile(crypto, tbs);
  if (expected.product !== undefined && product !== expected.product)
    throw new Fault('certificate-product-wrong', { product, expected: expected.product });
  const { now } = expected;
  if (now < notBefore || now > notAfter)
    throw new Fault('certificate-expired', {
      ...{ validFrom: dayOf(notBefore), validUntil: dayOf(notAfter), clock: dayOf(now) },
    });
  const [signingKey, kemKey] = [keys.signingKey as Bytes, keys.kemKey as Bytes];
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  if (commonName !== toHex(thumbprint)) throw new Fault('certificate-malformed');
  const expires = notAfter.getTime() !== noExpiry.getTime();
  return { signingKey, kemKey, thumbprint, chipId, product, origin, ...(expires ? { notAfter } : {}) };
}
