// Vectors of spec/device.md section 2: certificates. What is signed is taken apart into its eight
// fields, one of them is changed, and the whole is signed again by the device CA, so that a case
// has the one fault that it names.

import { type Bytes, concatBytes, fromHex, toHex } from '@firmseal/bytes';
import {
  type CertificateFields,
  encodeCertificate,
  encodeTbs,
  issueDeviceCertificate,
} from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { deviceOrigin, deviceThumbprint } from './license-parts.ts';
import { keyPair, seededBytes, signerOf } from './vector-keys.ts';

interface CertificateCase {
  readonly name: string;
  readonly object: Bytes;
  readonly fault?: FaultCode;
  readonly now?: string;
  /** Number of the origin of those that are accepted; 1 when left out. */
  readonly origin?: number;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
export const certificateNow = '2027-01-01T00:00:00Z';

const fields: CertificateFields = {
  serial: concatBytes(Uint8Array.of(0x41), seededBytes('serial', 15)),
  product: 'thermostat',
  chipId: 'stm32f427',
  commonName: toHex(deviceThumbprint),
  signingKey: keyPair('device').publicKey,
  kemKey: keyPair('device KEM').publicKey,
  origin: deviceOrigin,
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('9999-12-31T23:59:59Z'),
};

type Signer = 'device CA' | 'stranger';
const sign = (tbs: Uint8Array, by: Signer = 'device CA', highS = false) =>
  encodeCertificate(tbs, signerOf(by, highS).sign(tbs));
const make = (change: Partial<CertificateFields> = {}, by?: Signer) =>
  sign(encodeTbs({ ...fields, ...change }), by);

/** Tag, length in shortest form, content: written here so that a case can also write a longer form. */
function der(tag: number, content: Uint8Array, form: 'shortest' | 'one-more' = 'shortest'): Bytes {
  const { length } = content;
  const digits = length < 0x80 ? [] : length < 0x100 ? [length] : [length >>> 8, length & 0xff];
  if (form === 'one-more') digits.unshift(...(digits.length === 0 ? [length] : [0]));
  const head = digits.length === 0 ? [length] : [0x80 | digits.length, ...digits];
  return concatBytes(Uint8Array.of(tag, ...head), content);
}

/** The values that follow each other in the content of one. */
function itemsOf(whole: Uint8Array): Bytes[] {
  const items: Bytes[] = [];
  const headBytes = (at: number) => (whole[at + 1]! < 0x80 ? 2 : 2 + (whole[at + 1]! & 0x7f));
  const lengthAt = (at: number) => {
    if (whole[at + 1]! < 0x80) return whole[at + 1]!;
    return whole.subarray(at + 2, at + headBytes(at)).reduce((sum, byte) => sum * 256 + byte, 0);
  };
  for (let at = headBytes(0); at < whole.length; ) {
    const end = at + headBytes(at) + lengthAt(at);
    items.push(whole.slice(at, end));
    at = end;
  }
  return items;
}

/** In the order of a TBSCertificate (RFC 5280 section 4.1). */
const parts = [
  'version',
  'serial',
  'algorithm',
  'issuer',
  'validity',
  'subject',
  'key',
  'extensions',
] as const;
const tbsItems = itemsOf(encodeTbs(fields));

/** Signed with one of its eight parts replaced. */
function withPart(part: (typeof parts)[number], value: Uint8Array): Bytes {
  return sign(der(0x30, concatBytes(...tbsItems.with(parts.indexOf(part), value as Bytes))));
}
const partOf = (part: (typeof parts)[number]): Bytes => tbsItems[parts.indexOf(part)]!;
/** In hexadecimal, so that what a case changes can be read. */
const replaced = (part: (typeof parts)[number], from: string, to: string): Bytes => {
  const text = toHex(partOf(part));
  if (!text.includes(from)) throw new Error(`${part} has no ${from}`);
  return withPart(part, fromHex(text.replace(from, to)));
};
const ascii = (text: string) => toHex(new TextEncoder().encode(text));

const bad = (name: string, object: Bytes, context: Partial<CertificateCase> = {}): CertificateCase => ({
  ...{ name, fault: 'certificate-malformed' as const, object },
  ...context,
});

function outsideCases(): CertificateCase[] {
  const whole = make();
  const [tbs, algorithm, bits] = itemsOf(whole) as [Bytes, Bytes, Bytes];
  const certificate = (...items: Bytes[]) => der(0x30, concatBytes(...items));
  const [r, s] = itemsOf(
    itemsOf(concatBytes(Uint8Array.of(0x30, bits.length - 3), bits.subarray(3)))[0]!,
  ) as [Bytes, Bytes];
  const signature = (...numbers: Uint8Array[]) =>
    certificate(tbs, algorithm, der(0x03, concatBytes(Uint8Array.of(0), der(0x30, concatBytes(...numbers)))));
  return [
    bad('no bytes', filled(0, 0)),
    bad('a byte behind', concatBytes(whole, filled(1, 0))),
    bad('a byte missing', whole.slice(0, -1)),
    bad('1025 bytes', concatBytes(whole, filled(1025 - whole.length, 0))),
    bad('a fourth value', certificate(tbs, algorithm, bits, Uint8Array.of(5, 0))),
    bad('length of the whole in three bytes', der(0x30, concatBytes(tbs, algorithm, bits), 'one-more')),
    bad('algorithm with parameters', certificate(tbs, fromHex('300c06082a8648ce3d0403020500'), bits)),
    bad('another algorithm', certificate(tbs, fromHex('300a06082a8648ce3d040303'), bits)),
    bad(
      'signature with an unused bit',
      certificate(tbs, algorithm, der(0x03, concatBytes(Uint8Array.of(1), bits.subarray(3)))),
    ),
    bad('signature of three numbers', signature(r, s, s)),
    bad(
      'r with a zero in front that it does not need',
      signature(der(0x02, concatBytes(filled(1, 0), r.subarray(2))), s),
    ),
    bad('r of 33 bytes', signature(der(0x02, concatBytes(filled(1, 1), filled(32, 0))), s)),
    bad('s negative', signature(r, der(0x02, Uint8Array.of(0x80)))),
    bad('s of zero', signature(r, der(0x02, Uint8Array.of(0)))),
    {
      name: 's too high',
      fault: 'certificate-signature-invalid',
      object: sign(encodeTbs(fields), 'device CA', true),
    },
    {
      name: 'not of the profile, and by a stranger',
      fault: 'certificate-signature-invalid',
      object: make({ product: 'ther mostat' }, 'stranger'),
    },
  ].map((one) => one as CertificateCase);
}

function profileCases(): CertificateCase[] {
  const serial = (bytes: number[]) => withPart('serial', der(0x02, Uint8Array.from(bytes)));
  const utc = (text: string) => `17${text.length.toString(16).padStart(2, '0')}${ascii(text)}`;
  const general = (text: string) => `18${text.length.toString(16).padStart(2, '0')}${ascii(text)}`;
  const validity = (from: string, until = general('99991231235959Z')) =>
    withPart('validity', der(0x30, fromHex(from + until)));
  const extensions = itemsOf(itemsOf(partOf('extensions'))[0]!) as [Bytes, Bytes, Bytes, Bytes];
  const withExtensions = (...items: Uint8Array[]) =>
    withPart('extensions', der(0xa3, der(0x30, concatBytes(...items))));
  const [constraints, usage, kem, origin] = extensions;
  const origins = (bytes: number[]) => {
    const oid = itemsOf(origin)[0]!;
    const value = der(0x04, der(0x02, Uint8Array.from(bytes)));
    return withExtensions(constraints, usage, kem, der(0x30, concatBytes(oid, value)));
  };
  const subject = itemsOf(partOf('subject')) as [Bytes, Bytes, Bytes];
  const named = (...items: Uint8Array[]) => withPart('subject', der(0x30, concatBytes(...items)));
  const basic = (value: string) =>
    fromHex(
      `30${(value.length / 2 + 10).toString(16).padStart(2, '0')}0603551d130101ff04${(value.length / 2).toString(16).padStart(2, '0')}${value}`,
    );
  return [
    bad('version 2', withPart('version', fromHex('a003020101'))),
    bad('version left out', sign(der(0x30, concatBytes(...tbsItems.slice(1))))),
    bad('serial number of zero', serial([0])),
    bad('serial number that is negative', serial([0x80, 1])),
    bad('serial number of 21 bytes', serial([1, ...filled(20, 0)])),
    bad('serial number with a zero in front that it does not need', serial([0, 0x41])),
    bad('inner algorithm with parameters', withPart('algorithm', fromHex('300c06082a8648ce3d0403020500'))),
    bad(
      'issuer of another name',
      replaced('issuer', ascii('firmseal device CA'), ascii('firmseal device ca')),
    ),
    bad('issuer of another product', replaced('issuer', ascii('thermostat'), ascii('thermometr'))),
    bad(
      'issuer as a PrintableString',
      replaced('issuer', `0c0a${ascii('thermostat')}`, `130a${ascii('thermostat')}`),
    ),
    bad('time before 2050 as GeneralizedTime', validity(general('20260102030405Z'))),
    bad('time from 2050 on as UTCTime', validity(utc('510102030405Z'))),
    bad('time without seconds', validity(utc('2601020304Z'))),
    bad('time with an offset', validity(utc('260102030405+0000'))),
    bad('time with a fraction', validity(utc('260102030405Z'), general('20510102030405.5Z'))),
    bad('thirtieth of February', validity(utc('260230030405Z'))),
    bad('month 13', validity(utc('261302030405Z'))),
    bad('second 60', validity(utc('260102030460Z'))),
    bad('names in another order', named(subject[1], subject[0], subject[2])),
    bad('a name left out', named(subject[0], subject[2])),
    bad('a name twice', named(...subject, subject[2])),
    bad(
      'two names in one set',
      named(der(0x31, concatBytes(itemsOf(subject[0])[0]!, itemsOf(subject[1])[0]!)), subject[2]),
    ),
    bad('name that is not UTF-8', replaced('subject', ascii('stm32f427'), ascii('stm32f42').concat('ff'))),
    bad('product with a space', make({ product: 'ther mostat' })),
    bad('product of 33 bytes', make({ product: 'x'.repeat(33) })),
    bad('chip id empty', make({ chipId: '' })),
    bad('key on another curve', replaced('key', '2a8648ce3d030107', '2a8648ce3d030106')),
    bad('signing key that is no point', make({ signingKey: filled(65, 4) })),
    bad('KEM key that is no point', make({ kemKey: filled(65, 4) })),
    bad('KEM key of 64 bytes', make({ kemKey: fields.kemKey.slice(1) })),
    bad('another key usage', replaced('extensions', '03020780', '03020680')),
    bad('constraints of a CA', withExtensions(basic('30030101ff'), usage, kem, origin)),
    bad('constraints that say what is the default', withExtensions(basic('3003010100'), usage, kem, origin)),
    bad('constraints not critical', withExtensions(fromHex('30090603551d1304023000'), usage, kem, origin)),
    bad('extensions in another order', withExtensions(usage, constraints, kem, origin)),
    bad('no origin', withExtensions(constraints, usage, kem)),
    bad('an extension twice', withExtensions(constraints, usage, kem, origin, origin)),
    bad(
      'an extension too many',
      withExtensions(constraints, usage, kem, origin, fromHex('30090603551d0e04020400')),
    ),
    bad('origin 0', origins([0])),
    bad('origin 4', origins([4])),
    bad('origin 8', origins([8])),
    bad('origin in two bytes', origins([0, 1])),
    bad(
      'length of a part in two bytes',
      withPart('validity', der(0x30, partOf('validity').subarray(2), 'one-more')),
    ),
    bad('a ninth part', sign(der(0x30, concatBytes(...tbsItems, Uint8Array.of(5, 0))))),
  ];
}

function judgementCases(): CertificateCase[] {
  const one = (
    name: string,
    fault: FaultCode,
    object: Bytes,
    context: Partial<CertificateCase> = {},
  ): CertificateCase => ({ name, fault, object, ...context });
  return [
    one('by a stranger', 'certificate-signature-invalid', make({}, 'stranger')),
    one('another product', 'certificate-product-wrong', make({ product: 'kettle' })),
    one('not yet valid', 'certificate-expired', make(), { now: '2026-01-02T03:04:04Z' }),
    one('expired', 'certificate-expired', make({ notAfter: new Date('2026-12-31T23:59:59Z') })),
    one('name of another device', 'certificate-malformed', make({ commonName: toHex(filled(32, 1)) })),
    one('name in capitals', 'certificate-malformed', make({ commonName: fields.commonName.toUpperCase() })),
    one(
      'another product by a stranger',
      'certificate-signature-invalid',
      make({ product: 'kettle' }, 'stranger'),
    ),
    one('expired, of another product', 'certificate-product-wrong', make({ product: 'kettle' }), {
      now: '2000-01-01T00:00:00Z',
    }),
    one('expired, with the name of another device', 'certificate-expired', make({ commonName: 'x' }), {
      now: '2000-01-01T00:00:00Z',
    }),
  ];
}

/** Valid ones first, then in the order of the checks. */
export async function certificateCases(): Promise<CertificateCase[]> {
  const { serial, notBefore, ...names } = fields;
  const device = { ...names, thumbprint: deviceThumbprint } as Parameters<
    typeof issueDeviceCertificate
  >[1]['device'];
  const issued = await issueDeviceCertificate(crypto, {
    ...{ device, signer: signerOf('device CA'), notBefore, serial },
  });
  const of = (kind: 'witnessed' | 'enrolled' | 'unwitnessed', rehearsal: boolean) =>
    make({ origin: { kind, rehearsal } });
  return [
    { name: 'certificate without expiry', object: issued },
    { name: 'certificate with expiry', object: make({ notAfter: new Date('2031-01-01T00:00:00Z') }) },
    {
      name: 'certificate with expiry after 2050',
      object: make({ notAfter: new Date('2051-01-01T00:00:00Z') }),
    },
    { name: 'serial number of one byte', object: make({ serial: Uint8Array.of(1) }) },
    { name: 'serial number of twenty bytes', object: make({ serial: filled(20, 0x7f) }) },
    { name: 'identity that was enrolled', object: of('enrolled', false), origin: 2 },
    { name: 'identity that nobody witnessed', object: of('unwitnessed', false), origin: 3 },
    { name: 'identity of a rehearsal', object: of('witnessed', true), origin: 5 },
    { name: 'identity that was enrolled in a rehearsal', object: of('enrolled', true), origin: 6 },
    { name: 'identity that nobody witnessed, in a rehearsal', object: of('unwitnessed', true), origin: 7 },
    ...outsideCases(),
    ...profileCases(),
    ...judgementCases(),
  ];
}
