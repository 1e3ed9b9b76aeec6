// The reader of certificates against a slow one that shares nothing with it but the writer: it takes fields
// from any DER, and takes the certificate for good when the fields, written again, give its bytes. Every
// certificate with a bit, a byte or a value changed has to be the same to both.

import { type Bytes, concatBytes, equalBytes, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { originOf, origins, thumbprintOf } from '@firmseal/formats';
import { expect, test } from 'vitest';
import { der } from './der.ts';
import { type CertificateFields, encodeCertificate, encodeTbs, noExpiry } from './profile.ts';
import { readOutside, readProfile } from './read-profile.ts';

interface Value {
  readonly tag: number;
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

/** All values that follow each other, with one-byte tags and lengths of any form. */
function values(bytes: Uint8Array): Value[] {
  const found: Value[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [start, tag, first] = [at, bytes[at]!, bytes[at + 1] ?? 0];
    at += 2;
    let length = first;
    if (first > 0x80) {
      length = 0;
      for (let i = first & 0x7f; i > 0; i--) length = length * 256 + (bytes[at++] ?? 0);
    }
    const content = bytes.slice(at, at + length);
    at += length;
    found.push({ tag, whole: bytes.slice(start, at), content });
  }
  return found;
}

const at = (found: readonly Value[], ...path: number[]): Uint8Array => {
  const [index = 0, ...rest] = path;
  const { content } = found[index] ?? { content: new Uint8Array(0) };
  return rest.length === 0 ? content : at(values(content), ...rest);
};

const magnitude = (content: Uint8Array): Uint8Array => {
  const start = content.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : content.subarray(start);
};

const padded = (content: Uint8Array): Bytes => {
  const digits = magnitude(content);
  return concatBytes(new Uint8Array(Math.max(0, 32 - digits.length)), digits);
};

function dateOf(time: Uint8Array): Date {
  const digits = String.fromCharCode(...time);
  const full = digits.length === 13 ? `20${digits}` : digits;
  const [, ...parts] = /^(....)(..)(..)(..)(..)(..)Z$/.exec(full) ?? [];
  return new Date(`${parts.slice(0, 3).join('-')}T${parts.slice(3).join(':')}Z`);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What a certificate says, and whether it is the one that says so; the slow way. */
function slowly(certificate: Uint8Array): CertificateFields | undefined {
  const body = values(certificate)[0] ? values(at(values(certificate), 0)) : [];
  const tbs = body[0]?.whole ?? new Uint8Array(0);
  const inner = values(at(body, 0));
  const pair = at(body, 2).subarray(1);
  const signature = concatBytes(padded(at(values(pair), 0, 0)), padded(at(values(pair), 0, 1)));
  const text = (...path: number[]) => decoder.decode(at(inner, ...path));
  const origin = originOf(at(inner, 7, 0, 3, 1, 0)[0] ?? 0);
  const fields = {
    serial: magnitude(at(inner, 1)),
    product: text(5, 0, 0, 1),
    chipId: text(5, 1, 0, 1),
    commonName: text(5, 2, 0, 1),
    signingKey: at(inner, 6, 1).slice(1),
    kemKey: at(inner, 7, 0, 2, 1, 0).slice(),
    origin: origin!,
    notBefore: dateOf(at(inner, 4, 0)),
    notAfter: dateOf(at(inner, 4, 1)),
  };
  const isOf = (pattern: RegExp, ...texts: string[]) => texts.every((one) => pattern.test(one));
  const isGood =
    certificate.length <= 1024 &&
    origin !== undefined &&
    signature.length === 64 &&
    fields.serial.length > 0 &&
    fields.serial.length <= 20 &&
    isOf(/^[!-~]{1,32}$/, fields.product, fields.chipId) &&
    [fields.notBefore, fields.notAfter].every((date) => !Number.isNaN(date.getTime())) &&
    equalBytes(encodeCertificate(tbs, signature), certificate) &&
    equalBytes(encodeTbs(fields), tbs) &&
    [0, 32].every((half) => signature.subarray(half, half + 32).some((byte) => byte !== 0)) &&
    crypto.isP256Point(fields.signingKey) &&
    crypto.isP256Point(fields.kemKey);
  return isGood ? fields : undefined;
}

function quickly(certificate: Uint8Array): CertificateFields | undefined {
  try {
    return readProfile(crypto, readOutside(certificate).tbs);
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'certificate-malformed') return undefined;
    throw fault;
  }
}

let refused = 0;
let taken = 0;
function same(certificate: Uint8Array): void {
  const [quick, slow] = [quickly(certificate), slowly(certificate)];
  if (quick === undefined && slow === undefined) {
    refused++;
    return;
  }
  expect(quick, toHex(certificate)).toEqual(slow);
  taken++;
}

const [device, kem, ca] = [1, 2, 3].map((seed) =>
  crypto.p256FromPrivate(crypto.sha256(utf8(`firmseal test key ${seed}`))),
);
const plain: CertificateFields = {
  serial: Uint8Array.of(0x41, 2, 3),
  product: 'thermostat',
  chipId: 'stm32f427',
  commonName: toHex(thumbprintOf(crypto, device!.publicKey, kem!.publicKey)),
  signingKey: device!.publicKey,
  kemKey: kem!.publicKey,
  origin: { kind: 'witnessed', rehearsal: false },
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: noExpiry,
};
const signed = (change: Partial<CertificateFields> = {}) => {
  const tbs = encodeTbs({ ...plain, ...change });
  return encodeCertificate(tbs, crypto.signEs256(ca!.privateKey, tbs));
};

test('fields of every form', () => {
  for (const kind of origins)
    for (const rehearsal of [false, true]) same(signed({ origin: { kind, rehearsal } }));
  for (const day of ['2000-01-01', '2024-02-29', '2049-12-31', '2050-01-01', '9999-12-31'])
    same(signed({ notBefore: new Date(`${day}T00:00:00Z`), notAfter: new Date(`${day}T23:59:59Z`) }));
  for (const serial of [[1], [0x7f], [0x80], Array(20).fill(0xff)])
    same(signed({ serial: Uint8Array.from(serial) }));
  for (const product of ['p', 'x'.repeat(32)]) same(signed({ product }));
  for (const commonName of ['', 'é', '\ufeff', 'x'.repeat(200)]) same(signed({ commonName }));
  expect(refused).toBe(0);
  for (const product of ['', 'x'.repeat(33), 'a b', 'é', '\ufeffa']) same(signed({ product }));
  for (const serial of [[0], [0, 1], Array(21).fill(1)]) same(signed({ serial: Uint8Array.from(serial) }));
  same(signed({ kemKey: plain.kemKey.with(64, plain.kemKey[64]! ^ 1) }));
  same(signed({ notBefore: new Date('1999-01-01T00:00:00Z') }));
  expect(refused).toBeGreaterThan(7);
});

test('every bit changed, every byte taken out, doubled, or followed by another', () => {
  const certificate = signed();
  for (let bit = 0; bit < certificate.length * 8; bit++)
    same(certificate.with(bit >>> 3, certificate[bit >>> 3]! ^ (1 << (bit & 7))));
  for (let i = 0; i <= certificate.length; i++) {
    const [head, tail] = [certificate.subarray(0, i), certificate.subarray(i)];
    same(head);
    same(concatBytes(head, tail.subarray(1)));
    same(concatBytes(head, Uint8Array.of(0), tail));
    same(concatBytes(head, head.subarray(-1), tail));
  }
  // Letters of names, digits of dates and serials have other good values; lengths, tags and types have not.
  expect([taken > 100, refused > 4000]).toEqual([true, true]);
});

/** The value with every value in it, at any depth, changed by `change` in turn. */
function* eachValue(value: Value, change: (value: Value) => Uint8Array[]): Generator<Uint8Array> {
  yield* change(value);
  if ((value.tag & 0x20) === 0) return;
  const parts = values(value.content);
  for (const [i, part] of parts.entries())
    for (const changed of eachValue(part, change))
      yield der(value.tag, ...parts.map(({ whole }, j) => (i === j ? changed : whole)));
}

test('every value missing, twice, empty, longer, of another tag, with its length in a longer form', () => {
  const [whole] = values(signed());
  const [takenBefore, refusedBefore] = [taken, refused];
  const change = ({ tag, whole: bytes, content }: Value): Uint8Array[] => [
    new Uint8Array(0),
    concatBytes(bytes, bytes),
    der(tag),
    der(tag, content, Uint8Array.of(0)),
    der(tag, Uint8Array.of(0), content),
    der(tag ^ 0x20, content),
    der(0x05, content),
    concatBytes(Uint8Array.of(tag, 0x81, content.length & 0xff), content),
    concatBytes(Uint8Array.of(tag, 0x82, content.length >>> 8, content.length & 0xff), content),
    concatBytes(Uint8Array.of(tag, 0x83, 0, content.length >>> 8, content.length & 0xff), content),
    concatBytes(Uint8Array.of(tag, 0x80), content, new Uint8Array(2)),
  ];
  for (const changed of eachValue(whole!, change)) same(changed);
  // Names and numbers of the outside may be longer or empty; nothing else.
  expect(taken - takenBefore).toBeLessThan(20);
  expect(refused - refusedBefore).toBeGreaterThan(400);
});
