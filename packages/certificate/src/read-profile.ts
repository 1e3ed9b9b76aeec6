// Takes a device certificate apart: spec/device.md section 2. First its outside (what the signature is over),
// then, once the signature held, its fields. The fields are written again, and a certificate is of the
// profile only when that gives its bytes.

import { type Bytes, concatBytes, equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { originOf } from '@firmseal/formats';
import { DerError, DerReader } from './der-reader.ts';
import { type CertificateFields, certificateMaxBytes, ecdsaWithSha256, encodeTbs } from './profile.ts';

const printable = /^[!-~]{1,32}$/;
const scalarBytes = 32;

/** A reading of DER; what is wrong in it is `certificate-malformed`. */
function read<T>(reading: () => T): T {
  try {
    return reading();
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new Fault('certificate-malformed', {}, { cause });
  }
}

function padded(magnitude: Uint8Array): Bytes {
  return concatBytes(new Uint8Array(scalarBytes - magnitude.length), magnitude);
}

/** Check 1: what is signed, and r || s. SEQUENCE { tbs, algorithm, BIT STRING { SEQUENCE { r, s } } } */
export function readOutside(certificate: Uint8Array): { tbs: Bytes; signature: Bytes } {
  if (certificate.length > certificateMaxBytes) throw new Fault('certificate-malformed');
  return read(() => {
    const file = new DerReader(certificate);
    const outer = file.inner(0x30);
    file.end();
    const { whole: tbs } = outer.encoded(0x30);
    outer.exactly(ecdsaWithSha256);
    const bits = outer.inner(0x03);
    outer.end();
    bits.exactly(Uint8Array.of(0)); // no unused bit
    const pair = bits.inner(0x30);
    bits.end();
    const signature = concatBytes(padded(pair.positive(scalarBytes)), padded(pair.positive(scalarBytes)));
    pair.end();
    return { tbs, signature };
  });
}

/**
 * UTCTime YYMMDDHHMMSSZ of 20YY, or GeneralizedTime YYYYMMDDHHMMSSZ. Which of them is due, and whether there
 * is such a day, shows when it is written again.
 */
function readTime(reader: DerReader): Date {
  const isUtc = reader.nextTag === 0x17;
  const text = String.fromCharCode(...reader.content(isUtc ? 0x17 : 0x18));
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(isUtc ? `20${text}` : text);
  if (!parts) throw new DerError('a time of another form');
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  return new Date(Date.UTC(year!, month! - 1, day, hour, minute, second));
}

/** SET { SEQUENCE { type, UTF8String } }: the text; the type shows when it is written again. */
function readName(names: DerReader): string {
  const attribute = names.inner(0x31).inner(0x30);
  attribute.content(0x06);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(attribute.content(0x0c));
  } catch {
    throw new DerError('a name that is not UTF-8');
  }
}

/** Extension { type, OCTET STRING { value } }: the value. */
function readExtension(extensions: DerReader): DerReader {
  const extension = extensions.inner(0x30);
  extension.content(0x06);
  return extension.inner(0x04);
}

function readFields(tbs: Uint8Array): CertificateFields {
  const body = new DerReader(tbs).inner(0x30);
  body.content(0xa0); // version
  const serial = body.positive(20);
  body.content(0x30); // algorithm
  body.content(0x30); // issuer
  const validity = body.inner(0x30);
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  const subject = body.inner(0x30);
  const [product, chipId, commonName] = [readName(subject), readName(subject), readName(subject)];
  const keyInfo = body.inner(0x30);
  keyInfo.content(0x30); // algorithm and curve
  const signingKey = keyInfo.content(0x03).slice(1);
  const extensions = body.inner(0xa3).inner(0x30);
  extensions.content(0x30); // basic constraints
  extensions.content(0x30); // key usage
  const kemKey = readExtension(extensions).content(0x04);
  const origin = originOf(readExtension(extensions).positive(1)[0]!);
  if (!origin) throw new DerError('an origin that is none');
  return { serial, product, chipId, commonName, signingKey, kemKey, origin, notBefore, notAfter };
}

/** The kind of chip that a certificate names, for display: nothing is verified. Throws as readOutside. */
export function readChipId(certificate: Uint8Array): string {
  const { tbs } = readOutside(certificate);
  return read(() => readFields(tbs)).chipId;
}

/** Check 3: the fields of what was signed, when it is of the profile. */
export function readProfile(crypto: Crypto, tbs: Uint8Array): CertificateFields {
  const fields = read(() => readFields(tbs));
  const inForm =
    equalBytes(encodeTbs(fields), tbs) &&
    printable.test(fields.product) &&
    printable.test(fields.chipId) &&
    crypto.isP256Point(fields.signingKey) &&
    crypto.isP256Point(fields.kemKey);
  if (!inForm) throw new Fault('certificate-malformed');
  return fields;
}
