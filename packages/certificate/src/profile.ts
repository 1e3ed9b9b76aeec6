// The one form of a device certificate (spec/device.md section 2): from its fields to the bytes, without a
// choice left. read-profile.ts holds what it reads against the same constants.

import type { Bytes } from '@firmseal/bytes';
import { type Origin, originNumber } from '@firmseal/formats';
import {
  bitString,
  der,
  derTrue,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
  utf8String,
} from './der.ts';

export const certificateMaxBytes = 1024;
/** RFC 5280 section 4.1.2.5: no well-defined expiration date. */
export const noExpiry = new Date('9999-12-31T23:59:59Z');

export interface CertificateFields {
  /** Positive, 1 to 20 bytes, big-endian. */
  readonly serial: Uint8Array;
  readonly product: string;
  readonly chipId: string;
  readonly commonName: string;
  readonly signingKey: Uint8Array;
  readonly kemKey: Uint8Array;
  readonly origin: Origin;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Version 3, algorithm and what else stands as it is in every certificate. */
export const version3 = der(0xa0, integer(Uint8Array.of(2)));
export const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
export const pointSizeBytes = 65;
export const notAuthority = sequence(objectIdentifier('2.5.29.19'), derTrue, octetString(sequence()));
/** digitalSignature is bit 0: one byte 0x80 with seven unused bits. */
export const signsOnly = sequence(
  objectIdentifier('2.5.29.15'),
  derTrue,
  octetString(der(0x03, Uint8Array.of(7, 0x80))),
);
const p256Key = sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.2.840.10045.3.1.7'));
const kemKeyExtension = objectIdentifier('2.25.204310498301297519873102975127310296151');
export const originExtension = objectIdentifier('2.25.14507052808871318780289119723670512624');

const signingKeyInfo = (point: Uint8Array): Bytes => sequence(p256Key, bitString(point));
const kemKeyValue = (point: Uint8Array): Bytes => sequence(kemKeyExtension, octetString(octetString(point)));
/** All of a value that ends with a point, but the point. */
const before = (value: (point: Uint8Array) => Bytes): Bytes =>
  value(new Uint8Array(pointSizeBytes)).slice(0, -pointSizeBytes);
export const signingKeyStart = before(signingKeyInfo);
export const kemKeyExtensionStart = before(kemKeyValue);

/** Organization, organizational unit, common name. */
export const nameTypes = {
  product: objectIdentifier('2.5.4.10'),
  chipId: objectIdentifier('2.5.4.11'),
  commonName: objectIdentifier('2.5.4.3'),
} as const;
const name = (type: keyof typeof nameTypes, value: string) =>
  der(0x31, sequence(nameTypes[type], utf8String(value)));
export const issuerName = name('commonName', 'firmseal device CA');

/** TBSCertificate, DER: what the device CA signs. */
export function encodeTbs(fields: CertificateFields): Bytes {
  const { product, chipId, serial, signingKey, kemKey, origin, notBefore, notAfter } = fields;
  const extensions = sequence(
    notAuthority,
    signsOnly,
    kemKeyValue(kemKey),
    sequence(originExtension, octetString(integer(Uint8Array.of(originNumber(origin))))),
  );
  return sequence(
    version3,
    integer(serial),
    ecdsaWithSha256,
    sequence(name('product', product), issuerName),
    sequence(time(notBefore), time(notAfter)),
    sequence(name('product', product), name('chipId', chipId), name('commonName', fields.commonName)),
    signingKeyInfo(signingKey),
    der(0xa3, extensions),
  );
}

/** ECDSA-Sig-Value (RFC 5480 appendix A) from r || s. */
function encodeSignature(signature: Uint8Array): Bytes {
  return sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
}

/** The certificate, DER. */
export function encodeCertificate(tbs: Uint8Array, signature: Uint8Array): Bytes {
  return sequence(tbs, ecdsaWithSha256, bitString(encodeSignature(signature)));
}
