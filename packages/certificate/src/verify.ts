// Verifies a device certificate in the order of spec/device.md section 2. The reader finds the fields where
// the one form of the profile has them; the profile then writes them again, and only a certificate that comes
// out byte for byte is looked at further.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import {
  type CertificateFields,
  certificateMaxBytes,
  decodeSignature,
  encodeCertificate,
  encodeTbs,
  noExpiry,
} from './profile.ts';
import { type DerValue, readAllDer, readDer } from './read-der.ts';

interface ReadCertificate extends CertificateFields {
  readonly tbs: Bytes;
  readonly signature: Bytes;
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
}

const pointBytes = 65;
const printable = /^[!-~]{1,32}$/;
const ascii = new TextDecoder('utf-8', { fatal: true });

const lastBytes = (container: Uint8Array, length: number): Bytes => container.slice(-length);

/** The text of an attribute: SET { SEQUENCE { type, value } }. */
function attributeText({ content }: DerValue): string {
  const pair = readDer(content);
  const value = pair && readAllDer(pair.content)?.[1];
  return value === undefined ? '' : ascii.decode(value.content);
}

/** UTCTime of 2000 to 2049, or GeneralizedTime; an invalid date for anything else. */
function readTime({ tag, content }: DerValue): Date {
  const digits = (tag === 0x17 ? '20' : '') + ascii.decode(content);
  return new Date(digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/**
 * Fields as the reader finds them, and the bytes that they make; undefined when a part is missing. Throws a
 * TypeError or RangeError for text that is not UTF-8 and a time that is none.
 */
function readFields(certificate: Uint8Array): ReadCertificate | undefined {
  // SEQUENCE { tbs, algorithm, BIT STRING }; tbs: SEQUENCE { [0] version, serial, algorithm, issuer, SEQUENCE
  // { notBefore, notAfter }, SEQUENCE { O, OU, CN }, key, [3] extensions }
  const parts = readAllDer(readDer(certificate)?.content ?? new Uint8Array(0));
  const fields = parts?.[0] && readAllDer(parts[0].content);
  const [serial, validity, subject, key, extensions] = [1, 4, 5, 6, 7].map((i) => fields?.[i]?.content);
  const signature = parts?.[2] && decodeSignature(parts[2].content.subarray(1));
  if (!serial || !validity || !subject || !key || !extensions || !signature) return undefined;
  const [notBefore, notAfter] = readAllDer(validity) ?? [];
  const [product, chipId, commonName] = readAllDer(subject) ?? [];
  if (!notBefore || !notAfter || !product || !chipId || !commonName) return undefined;
  const read = {
    serial,
    product: attributeText(product),
    chipId: attributeText(chipId),
    commonName: attributeText(commonName),
    signingKey: lastBytes(key, pointBytes),
    kemKey: lastBytes(extensions, pointBytes),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
  };
  return { ...read, signature, tbs: encodeTbs(read) };
}

function readProfile(crypto: Crypto, certificate: Uint8Array): ReadCertificate {
  if (certificate.length > certificateMaxBytes) throw new Fault('certificate-malformed');
  let read: ReadCertificate | undefined;
  try {
    read = readFields(certificate);
  } catch (cause) {
    throw new Fault('certificate-malformed', {}, { cause });
  }
  const inForm =
    read &&
    equalBytes(encodeCertificate(read.tbs, read.signature), certificate) &&
    printable.test(read.product) &&
    printable.test(read.chipId) &&
    crypto.isP256Point(read.signingKey) &&
    crypto.isP256Point(read.kemKey);
  if (!read || !inForm) throw new Fault('certificate-malformed');
  return read;
}

/**
 * The kind of chip that a certificate names, for display: nothing in it is verified.
 * Empty where it cannot be read.
 */
export function chipIdOfCertificate(certificate: Uint8Array): string {
  try {
    return readFields(certificate)?.chipId ?? '';
  } catch {
    return '';
  }
}

/**
 * The device of a certificate. `caPublicKey` is that of a verified delegation of role device CA. Throws, in
 * this order, `certificate-malformed`, `certificate-signature-invalid`, `certificate-product-wrong`,
 * `certificate-expired`, `certificate-malformed` (the name is not the thumbprint of the keys).
 */
export function verifyDeviceCertificate(
  crypto: Crypto,
  certificate: Uint8Array,
  expected: { caPublicKey: Uint8Array; product?: string; now: Date },
): DevicePublic {
  const read = readProfile(crypto, certificate);
  const { product, chipId, signingKey, kemKey, notBefore, notAfter } = read;
  if (!crypto.verifyEs256(expected.caPublicKey, read.tbs, read.signature))
    throw new Fault('certificate-signature-invalid');
  if (expected.product !== undefined && product !== expected.product)
    throw new Fault('certificate-product-wrong', { product, expected: expected.product });
  if (expected.now < notBefore || expected.now > notAfter) throw new Fault('certificate-expired');
  const thumbprint = thumbprintOf(crypto, signingKey, kemKey);
  if (read.commonName !== toHex(thumbprint)) throw new Fault('certificate-malformed');
  const expires = notAfter.getTime() !== noExpiry.getTime();
  return { signingKey, kemKey, thumbprint, chipId, product, ...(expires ? { notAfter } : {}) };
}
