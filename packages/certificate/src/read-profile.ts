// Takes a device certificate apart: spec/device.md section 2. First its outside (what the signature is over),
// then, once the signature held, its fields. The profile leaves no choice: every byte either is the one that
// is due, or belongs to a field whose value has no other form.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { originOf } from '@firmseal/formats';
import { time } from './der.ts';
import { DerError, DerReader } from './der-reader.ts';
import {
  type CertificateFields,
  certificateMaxBytes,
  ecdsaWithSha256,
  issuerName,
  kemKeyExtensionStart,
  nameTypes,
  noExpiry,
  notAuthority,
  originExtension,
  pointSizeBytes,
  signingKeyStart,
  signsOnly,
  version3,
} from './profile.ts';

const printable = /^[!-~]{1,32}$/;
const scalarBytes = 32;
const noUnusedBit = Uint8Array.of(0);
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A reading of DER; what is wrong in it is `certificate-malformed`. */
function read<T>(reading: () => T): T {
  try {
    return reading();
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new Fault('certificate-malformed', {}, { cause });
  }
}

/** Check 1: what is signed, and r || s. SEQUENCE { tbs, algorithm, BIT STRING { SEQUENCE { r, s } } } */
export function readOutside(certificate: Uint8Array): { tbs: Uint8Array; signature: Bytes } {
  if (certificate.length > certificateMaxBytes) throw new Fault('certificate-malformed');
  return read(() => {
    const file = new DerReader(certificate);
    const outer = file.inner(0x30);
    file.end();
    const tbs = outer.whole(0x30);
    outer.exactly(ecdsaWithSha256);
    const bits = outer.inner(0x03);
    outer.end();
    bits.exactly(noUnusedBit);
    const pair = bits.inner(0x30);
    bits.end();
    const signature = new Uint8Array(2 * scalarBytes);
    for (const end of [scalarBytes, 2 * scalarBytes]) {
      const magnitude = pair.positive(scalarBytes);
      signature.set(magnitude, end - magnitude.length);
    }
    pair.end();
    return { tbs, signature };
  });
}

const encodedNoExpiry = time(noExpiry);
const letterZ = 0x5a;

/** The digits of two characters from `at`; not a number of 0 to 99 when one is no digit. */
function twoDigits(characters: Uint8Array, at: number): number {
  const [tens, ones] = [characters[at]! - 0x30, characters[at + 1]! - 0x30];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

/**
 * UTCTime YYMMDDHHMMSSZ of 20YY, or GeneralizedTime YYYYMMDDHHMMSSZ; which of them is due, the year says
 * (RFC 5280 section 4.1.2.5). There has to be such a day.
 */
function readTime(reader: DerReader): Date {
  const isUtc = reader.nextTag === 0x17;
  const whole = reader.whole(isUtc ? 0x17 : 0x18);
  if (equalBytes(whole, encodedNoExpiry)) return noExpiry;
  const first = isUtc ? 2 : 4;
  if (whole.length !== first + 13 || whole[first + 12] !== letterZ)
    throw new DerError('a time of another form');
  const year = 100 * (isUtc ? 20 : twoDigits(whole, 2)) + twoDigits(whole, first);
  const month = twoDigits(whole, first + 2) - 1;
  const day = twoDigits(whole, first + 4);
  const hour = twoDigits(whole, first + 6);
  const minute = twoDigits(whole, first + 8);
  const second = twoDigits(whole, first + 10);
  const at = new Date(Date.UTC(year, month, day, hour, minute, second));
  const isSame =
    at.getUTCFullYear() === year &&
    at.getUTCMonth() === month &&
    at.getUTCDate() === day &&
    at.getUTCHours() === hour &&
    at.getUTCMinutes() === minute &&
    at.getUTCSeconds() === second;
  if (!isSame || year < 2050 !== isUtc) throw new DerError('a time in a form that is not due, or of no day');
  return at;
}

/** SET { SEQUENCE { type, UTF8String } } of the type that is due: the text. */
function readName(names: DerReader, type: Uint8Array): string {
  const set = names.inner(0x31);
  const attribute = set.inner(0x30);
  set.end();
  attribute.exactly(type);
  const value = attribute.content(0x0c);
  attribute.end();
  try {
    return text.decode(value);
  } catch {
    throw new DerError('a name that is not UTF-8');
  }
}

function readFields(tbs: Uint8Array): CertificateFields {
  const file = new DerReader(tbs);
  const body = file.inner(0x30);
  file.end();
  body.exactly(version3);
  const serial = body.positive(20).slice();
  body.exactly(ecdsaWithSha256);
  const issuer = body.inner(0x30);
  const issuerProduct = readName(issuer, nameTypes.product);
  issuer.exactly(issuerName);
  issuer.end();
  const validity = body.inner(0x30);
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  validity.end();
  const subject = body.inner(0x30);
  const product = readName(subject, nameTypes.product);
  if (product !== issuerProduct) throw new DerError('two products');
  const chipId = readName(subject, nameTypes.chipId);
  const commonName = readName(subject, nameTypes.commonName);
  subject.end();
  body.exactly(signingKeyStart);
  const signingKey = body.take(pointSizeBytes).slice();
  const outer = body.inner(0xa3);
  body.end();
  const extensions = outer.inner(0x30);
  outer.end();
  extensions.exactly(notAuthority);
  extensions.exactly(signsOnly);
  extensions.exactly(kemKeyExtensionStart);
  const kemKey = extensions.take(pointSizeBytes).slice();
  const extension = extensions.inner(0x30);
  extensions.end();
  extension.exactly(originExtension);
  const value = extension.inner(0x04);
  extension.end();
  const origin = originOf(value.positive(1)[0]!);
  value.end();
  if (!origin) throw new DerError('an unknown origin');
  return { serial, product, chipId, commonName, signingKey, kemKey, origin, notBefore, notAfter };
}

/** The kind of chip that a certificate names, for display: nothing is verified. Throws as readOutside. */
export function readChipId(certificate: Uint8Array): string {
  const { tbs } = readOutside(certificate);
  return read(() => readFields(tbs)).chipId;
}

/** The fields of what was signed, in the profile's form; whether its keys are points is not looked at. */
export function readFormOfProfile(tbs: Uint8Array): CertificateFields {
  const fields = read(() => readFields(tbs));
  if (!printable.test(fields.product) || !printable.test(fields.chipId))
    throw new Fault('certificate-malformed');
  return fields;
}

/** Check 3: the fields of what was signed, when it is of the profile. */
export function readProfile(crypto: Crypto, tbs: Uint8Array): CertificateFields {
  const fields = readFormOfProfile(tbs);
  if (!crypto.isP256Point(fields.signingKey) || !crypto.isP256Point(fields.kemKey))
    throw new Fault('certificate-malformed');
  return fields;
}
