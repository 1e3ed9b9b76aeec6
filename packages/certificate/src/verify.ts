// Verifies a device certificate in the order of spec/device.md section 2: outside,
// signature, then what was signed.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import { type CertificateFields, noExpiry } from './profile.ts';
import { readChipId, readFormOfProfile, readOutside, readProfile } from './read-profile.ts';

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

/** The device of a certificate, and when that holds. */
export interface CertifiedDevice {
  readonly device: DevicePublic;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

interface Expected {
  readonly product?: string;
  readonly now: Date;
}

/** Throws `certificate-expired`. */
export function requireValidAt(
  { notBefore, notAfter }: Pick<CertifiedDevice, 'notBefore' | 'notAfter'>,
  now: Date,
): void {
  if (now < notBefore || now > notAfter)
    throw new Fault('certificate-expired', {
      ...{ validFrom: dayOf(notBefore), validUntil: dayOf(notAfter), clock: dayOf(now) },
    });
}

/** The last checks. Throws `certificate-product-wrong`, `certificate-expired`, `certificate-malformed`. */
function deviceOf(crypto: Crypto, fields: CertificateFields, expected: Expected): CertifiedDevice {
  const { product, chipId, commonName, origin, notBefore, notAfter } = fields;
  if (expected.product !== undefined && product !== expected.product)
    throw new Fault('certificate-product-wrong', { product, expected: expected.product });
  requireValidAt(fields, expected.now);
  const [signingKey, kemKey] = [fields.signingKey as Bytes, fields.kemKey as Bytes];
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  if (commonName !== toHex(thumbprint)) throw new Fault('certificate-malformed');
  const expires = notAfter.getTime() !== noExpiry.getTime();
  const device = {
    signingKey,
    kemKey,
    thumbprint,
    chipId,
    product,
    origin,
    ...(expires ? { notAfter } : {}),
  };
  return { device, notBefore, notAfter };
}

/**
 * What a certificate says of a device. `caPublicKeys` are those of verified delegations of role device CA,
 * one or more. Throws, in this order, `certificate-malformed`, `certificate-signature-invalid`,
 * `certificate-malformed`, `certificate-product-wrong`, `certificate-expired`, `certificate-malformed` (the
 * name is not the thumbprint of the keys).
 */
export function verifyCertifiedDevice(
  crypto: Crypto,
  certificate: Uint8Array,
  expected: Expected & { readonly caPublicKeys: readonly Uint8Array[] },
): CertifiedDevice {
  const { tbs, signature } = readOutside(certificate);
  if (!expected.caPublicKeys.some((key) => crypto.verifyEs256(key, tbs, signature)))
    throw new Fault('certificate-signature-invalid');
  return deviceOf(crypto, readProfile(crypto, tbs), expected);
}

/** The device alone. Throws as verifyCertifiedDevice. */
export const verifyDeviceCertificate = (...inputs: Parameters<typeof verifyCertifiedDevice>): DevicePublic =>
  verifyCertifiedDevice(...inputs).device;

/**
 * The device of a certificate whose signature somebody else verified, with the points of its keys. Throws as
 * verifyCertifiedDevice what is left to check.
 */
export const readDeviceUnverified = (
  crypto: Crypto,
  certificate: Uint8Array,
  expected: Expected,
): DevicePublic => deviceOf(crypto, readFormOfProfile(readOutside(certificate).tbs), expected).device;
