// Issues the certificate of a device: spec/device.md section 2. Whoever calls has
// seen the proof of possession.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DevicePublic, thumbprintOf } from '@firmseal/formats';
import { certificateMaxBytes, encodeCertificate, encodeTbs, noExpiry } from './profile.ts';

/** The device CA's key, wherever it is held. */
export interface CertificateSigner {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256 over the message: r || s, 64 bytes, low s. */
  sign(message: Bytes): Uint8Array | Promise<Uint8Array>;
}

export interface CertificateInputs {
  readonly device: DevicePublic;
  readonly signer: CertificateSigner;
  readonly notBefore: Date;
  /** 16 bytes; left out, they are drawn. */
  readonly serial?: Uint8Array;
}

/** Positive and without a leading zero byte, so that its encoding has always the same length. */
function drawSerial(crypto: Crypto): Bytes {
  const serial = crypto.randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

/**
 * DER, at most 1024 bytes. Throws `certificate-malformed` (thumbprint, size),
 * `certificate-signature-invalid`.
 */
export async function issueDeviceCertificate(crypto: Crypto, inputs: CertificateInputs): Promise<Bytes> {
  const { device, signer, notBefore, serial = drawSerial(crypto) } = inputs;
  const { product, chipId, signingKey, kemKey, thumbprint, origin, notAfter = noExpiry } = device;
  if (!equalBytes(thumbprint, thumbprintOf(crypto, signingKey, kemKey)))
    throw new Fault('certificate-malformed');
  const commonName = toHex(thumbprint);
  const tbs = encodeTbs({
    ...{ serial, product, chipId, commonName, signingKey, kemKey, origin },
    ...{ notBefore, notAfter },
  });
  const signature = await signer.sign(tbs);
  if (!crypto.verifyEs256(signer.publicKey, tbs, signature)) throw new Fault('certificate-signature-invalid');
  const certificate = encodeCertificate(tbs, signature);
  if (certificate.length > certificateMaxBytes) throw new Fault('certificate-malformed');
  return certificate;
}
