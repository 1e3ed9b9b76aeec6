// The certificate by its own verifier, and by node:crypto; every damaged bit of it.

import 'reflect-metadata'; // @peculiar/x509 needs it loaded before itself
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { concatBytes, equalBytes, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type DevicePublic, origins, thumbprintOf } from '@firmseal/formats';
import { X509Certificate } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { type CertificateSigner, issueDeviceCertificate } from './issue.ts';
import { type CertificateFields, encodeCertificate, encodeTbs, noExpiry } from './profile.ts';
import { verifyDeviceCertificate } from './verify.ts';

const keyPair = (name: string) => crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key: ${name}`)))!;
const ca = keyPair('device CA');
const signer: CertificateSigner = {
  publicKey: ca.publicKey,
  sign: (message) => crypto.signEs256(ca.privateKey, message),
};
const signingKey = keyPair('device').publicKey;
const kemKey = keyPair('device KEM').publicKey;
const device: DevicePublic = {
  signingKey,
  kemKey,
  thumbprint: thumbprintOf(crypto, signingKey, kemKey),
  chipId: 'stm32f427',
  product: 'thermostat',
  origin: { kind: 'witnessed', rehearsal: false },
};
const notBefore = new Date('2026-01-02T03:04:05Z');
const now = new Date('2027-01-01T00:00:00Z');
const expected = { caPublicKeys: [ca.publicKey], product: 'thermostat', now };
const issue = (change: Partial<DevicePublic> = {}) =>
  issueDeviceCertificate(crypto, { device: { ...device, ...change }, signer, notBefore });

function faultCode(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const fields: CertificateFields = {
  serial: Uint8Array.of(0x41, 2, 3),
  product: 'thermostat',
  chipId: 'stm32f427',
  commonName: toHex(device.thumbprint),
  signingKey,
  kemKey,
  origin: device.origin,
  notBefore,
  notAfter: noExpiry,
};
const signed = (change: Partial<CertificateFields>) => {
  const tbs = encodeTbs({ ...fields, ...change });
  return encodeCertificate(tbs, crypto.signEs256(ca.privateKey, tbs));
};

describe('a device certificate', () => {
  it('gives the device back', async () => {
    const certificate = await issue();
    expect(certificate.length).toBeLessThanOrEqual(1024);
    expect(verifyDeviceCertificate(crypto, certificate, expected)).toEqual(device);
    const notAfter = new Date('2031-01-01T00:00:00Z');
    const dated = verifyDeviceCertificate(crypto, await issue({ notAfter }), expected);
    expect(dated.notAfter).toEqual(notAfter);
  });

  it('says how the identity came about', async () => {
    for (const kind of origins)
      for (const rehearsal of [false, true]) {
        const certificate = await issue({ origin: { kind, rehearsal } });
        expect(verifyDeviceCertificate(crypto, certificate, expected).origin).toEqual({ kind, rehearsal });
      }
  });

  it('holds under any of the device CAs that the verifier knows', async () => {
    const caPublicKeys = [keyPair('stranger').publicKey, ca.publicKey];
    expect(verifyDeviceCertificate(crypto, await issue(), { ...expected, caPublicKeys })).toEqual(device);
  });

  it('is a certificate to another reader', async () => {
    const certificate = await issue();
    const parsed = new NodeCertificate(certificate);
    expect(parsed.subject).toBe(`O=thermostat\nOU=stm32f427\nCN=${toHex(device.thumbprint)}`);
    expect(parsed.issuer).toBe('O=thermostat\nCN=firmseal device CA');
    expect(parsed.ca).toBe(false);
    expect(parsed.validTo).toBe('Dec 31 23:59:59 9999 GMT');
    expect(parsed.checkIssued(parsed)).toBe(false);
  });

  it('has the fields that a library for X.509 finds', async () => {
    const certificate = await issue({ notAfter: new Date('2049-12-31T23:59:59Z') });
    const parsed = new X509Certificate(new Uint8Array(certificate));
    const read = verifyDeviceCertificate(crypto, certificate, expected);
    expect(read.notAfter).toEqual(parsed.notAfter);
    expect([read.product]).toEqual(parsed.subjectName.getField('O'));
    expect([read.chipId]).toEqual(parsed.subjectName.getField('OU'));
    expect(read.signingKey).toEqual(new Uint8Array(parsed.publicKey.rawData).slice(-65));
    expect(read.kemKey).toEqual(new Uint8Array(parsed.extensions[2]!.value).slice(-65));
  });

  const cases: [string, string, () => Uint8Array, Partial<typeof expected>?][] = [
    [
      'of another CA',
      'certificate-signature-invalid',
      () => signed({}),
      { caPublicKeys: [keyPair('stranger').publicKey] },
    ],
    ['of another product', 'certificate-product-wrong', () => signed({}), { product: 'kettle' }],
    ['before its time', 'certificate-expired', () => signed({}), { now: new Date('2026-01-01T00:00:00Z') }],
    ['after its time', 'certificate-expired', () => signed({ notAfter: new Date('2026-06-01T00:00:00Z') })],
    ['named for another device', 'certificate-malformed', () => signed({ commonName: '00'.repeat(32) })],
    [
      'with a key that is no point',
      'certificate-malformed',
      () => signed({ kemKey: new Uint8Array(65).fill(4) }),
    ],
    ['with a product of 33 letters', 'certificate-malformed', () => signed({ product: 'x'.repeat(33) })],
    ['with bytes behind it', 'certificate-malformed', () => concatBytes(signed({}), Uint8Array.of(0))],
    ['that is empty', 'certificate-malformed', () => new Uint8Array(0)],
    ['that is too large', 'certificate-malformed', () => new Uint8Array(1025)],
  ];
  for (const [what, code, make, change] of cases)
    it(`is refused ${what}`, () => {
      const context = { ...expected, ...change };
      expect(faultCode(() => verifyDeviceCertificate(crypto, make(), context))).toBe(code);
    });

  it('checks the CA before product, validity and name', () => {
    const wrong = signed({ product: 'kettle', commonName: '00' });
    const stranger = { ...expected, caPublicKeys: [keyPair('stranger').publicKey], now: new Date(0) };
    expect(faultCode(() => verifyDeviceCertificate(crypto, wrong, stranger))).toBe(
      'certificate-signature-invalid',
    );
    expect(faultCode(() => verifyDeviceCertificate(crypto, wrong, { ...expected, now: new Date(0) }))).toBe(
      'certificate-product-wrong',
    );
    const late = { ...expected, product: 'kettle', now: new Date(0) };
    expect(faultCode(() => verifyDeviceCertificate(crypto, wrong, late))).toBe('certificate-expired');
  });

  it('is refused for every single bit that is changed and every byte that is missing', async () => {
    const certificate = await issue();
    let accepted = 0;
    const met = new Set<string | undefined>();
    for (let bit = 0; bit < certificate.length * 8; bit++) {
      const changed = certificate.slice();
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      const code = faultCode(() => verifyDeviceCertificate(crypto, changed, expected));
      met.add(code);
      if (code === undefined) accepted++;
    }
    for (let length = 0; length < certificate.length; length++)
      if (!faultCode(() => verifyDeviceCertificate(crypto, certificate.subarray(0, length), expected)))
        accepted++;
    expect(accepted).toBe(0);
    expect([...met].sort()).toEqual(['certificate-malformed', 'certificate-signature-invalid']);
  });

  it('is not issued for keys of another thumbprint, nor by a CA that signs wrongly', async () => {
    await expect(issue({ thumbprint: new Uint8Array(32) })).rejects.toMatchObject({
      code: 'certificate-malformed',
    });
    const liar = { publicKey: keyPair('stranger').publicKey, sign: signer.sign };
    await expect(issueDeviceCertificate(crypto, { device, signer: liar, notBefore })).rejects.toMatchObject({
      code: 'certificate-signature-invalid',
    });
  });

  it('has serial numbers of its own', async () => {
    expect(equalBytes(await issue(), await issue())).toBe(false);
  });
});
