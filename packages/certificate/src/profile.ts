// The one form of a device certificate (spec/device.md section 2): from its fields to the bytes, without a
// choice left. A certificate that was read is held against the bytes that its fields give here.

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
const issuerCommonName = 'firmseal device CA';
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

export const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const p256Key = sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.2.840.10045.3.1.7'));
const kemKeyExtension = objectIdentifier('2.25.204310498301297519873102975127310296151');
const originExtension = objectIdentifier('2.25.14507052808871318780289119723670512624');
const notAuthority = sequence(objectIdentifier('2.5.29.19'), derTrue, octetString(sequence()));
/** digitalSignature is bit 0: one byte 0x80 with seven unused bits. */
const signsOnly = sequence(
  objectIdentifier('2.5.29.15'),
  derTrue,
  octetString(der(0x03, Uint8Array.of(7, 0x80))),
);

const attribute = (type: string, value: string) =>
  der(0x31, sequence(objectIdentifier(type), utf8String(value)));
const organization = (value: string) => attribute('2.5.4.10', value);
const organizationalUnit = (value: string) => attribute('2.5.4.11', value);
const commonName = (value: string) => attribute('2.5.4.3', value);

/** TBSCertificate, DER: what the device CA signs. */
export function encodeTbs(fields: CertificateFields): Bytes {
  const { product, chipId, serial, signingKey, kemKey, origin, notBefore, notAfter } = fields;
  const extensions = sequence(
    notAuthority,
    signsOnly,
    sequence(kemKeyExtension, octetString(octetString(kemKey))),
    sequence(originExtension, octetString(integer(Uint8Array.of(originNumber(origin))))),
  );
  return sequence(
    der(0xa0, integer(Uint8Array.of(2))), // version 3
    integer(serial),
    ecdsaWithSha256,
    sequence(organization(product), commonName(issuerCommonName)),
    sequence(time(notBefore), time(notAfter)),
    sequence(organization(product), organizationalUnit(chipId), commonName(fields.commonName)),
    sequence(p256Key, bitString(signingKey)),
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
