// Verifies a device certificate in the order of spec/device.md section 2. The X.509 parser
// finds the fields; the profile then writes them again, and only a certificate that comes out
// byte for byte is looked at further.

import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import 'reflect-metadata'; // @peculiar/x509 needs it loaded before itself
import { type Bytes, equalBytes, fromHex, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { X509Certificate } from '@peculiar/x509';
import {
  type CertificateFields,
  certificateMaxBytes,
  decodeSignature,
  encodeCertificate,
  encodeTbs,
  noExpiry,
} from './profile.ts';

interface ReadCertificate extends CertificateFields {
  readonly tbs: Bytes;
  readonly signature: Bytes;
  readonly signingKey: Bytes;
  readonly kemKey: Bytes;
}

const pointBytes = 65;
const printable = /^[!-~]{1,32}$/;

function lastBytes(container: ArrayBuffer, length: number): Bytes {
  return new Uint8Array(container).slice(-length);
}

/** Fields as the parser sees them, and the bytes that they make. Throws whatever the parser throws. */
function readFields(certificate: Uint8Array): ReadCertificate | undefined {
  const parsed = new X509Certificate(new Uint8Array(certificate));
  const name = (field: string) => parsed.subjectName.getField(field)[0] ?? '';
  const kemExtension = parsed.extensions[2];
  const signature = decodeSignature(new Uint8Array(parsed.signature));
  if (!kemExtension || !signature) return undefined;
  const fields = {
    serial: fromHex(parsed.serialNumber),
    product: name('O'),
    chipId: name('OU'),
    commonName: name('CN'),
    signingKey: lastBytes(parsed.publicKey.rawData, pointBytes),
    kemKey: lastBytes(kemExtension.value, pointBytes),
    notBefore: parsed.notBefore,
    notAfter: parsed.notAfter,
  };
  return { ...fields, signature, tbs: encodeTbs(fields) };
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
