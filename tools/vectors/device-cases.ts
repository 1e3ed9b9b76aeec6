// Vectors of spec/device.md sections 2 and 3 and spec/receipt.md: certificate, hello,
// receipt, each with one change a case.

import { type Bytes, concatBytes, toHex } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { encodeCertificate, encodeTbs, issueDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { helloTyp, receiptTyp } from '@firmseal/license';
import {
  chipNonce,
  deviceThumbprint,
  licensedManifestDigest,
  licensedPieces,
  termsFor,
} from './license-cases.ts';
import { optionBytesAt } from './package-case.ts';
import { keyPair, seededBytes, signerOf } from './vector-keys.ts';
import { type Fields, type ShellChange, signShell } from './workshop.ts';

export interface DeviceCase {
  readonly name: string;
  readonly object: Bytes;
  readonly fault?: FaultCode;
  readonly challenge?: Bytes | null;
  readonly product?: string;
  readonly now?: string;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
export const challenge = seededBytes('challenge', 32);
export const certificateNow = '2027-01-01T00:00:00Z';
const options = optionBytesAt('stm32f427', 0xcc).map(({ register, value }) => [register, value]);

function casesOf(typ: string, fields: () => Fields) {
  return (
    name: string,
    fault: FaultCode | undefined,
    change: (fields: Fields) => unknown = () => {},
    context: Partial<DeviceCase> & { shell?: ShellChange } = {},
  ): DeviceCase => {
    const all = fields();
    change(all);
    const { shell, ...rest } = context;
    return {
      name,
      ...(fault ? { fault } : {}),
      object: signShell(typ, encodeCbor(all), 'device', shell),
      ...rest,
    };
  };
}

export function helloCases(): DeviceCase[] {
  const one = casesOf(
    helloTyp,
    () =>
      new Map<number, CborInput>([
        [0, 1],
        [1, challenge],
        [2, chipNonce],
        [3, deviceThumbprint],
        [4, 'stm32f427'],
        [5, 3],
        [6, options],
        [7, 2],
        [8, 5],
        [9, 1],
        [10, 1],
        [11, 1],
        [12, licensedManifestDigest],
      ]),
  );
  const bad = (name: string, key: number, value?: CborInput) =>
    one(name, 'hello-malformed', (f) => (value === undefined ? f.delete(key) : f.set(key, value)));
  return [
    one('hello of an installed chip', undefined),
    one('hello of a chip without an application', undefined, (f) => f.set(5, 1).set(12, null)),
    one('hello of a chip with an application on trial', undefined, (f) => f.set(5, 5)),
    one('hello of a chip that went back to its former application', undefined, (f) => f.set(5, 6)),
    one('hello without a challenge, none asked', undefined, (f) => f.set(1, filled(0, 0)), {
      challenge: null,
    }),
    one('hello under another typ', 'hello-malformed', () => {}, { shell: { typ: receiptTyp } }),
    bad('version 2', 0, 2),
    bad('challenge of 33 bytes', 1, filled(33, 0)),
    bad('nonce missing', 2),
    bad('chip id with a space', 4, 'stm32 f427'),
    bad('life cycle 7', 5, 7),
    bad('option bytes of three', 6, [[0, 1, 2]]),
    bad('option bytes in descending register', 6, [
      [1, 0],
      [0, 0],
    ]),
    bad(
      'thirty-three registers',
      6,
      Array.from({ length: 33 }, (_, i) => [i, 0]),
    ),
    bad('option bytes of 33 bits', 6, [[0, 2 ** 32]]),
    bad('readout level 3', 7, 3),
    bad('install count 2^31', 10, 2 ** 31),
    bad('manifest digest missing', 12),
    bad('unknown key', 13, 0),
    one('hello by a stranger', 'hello-signature-invalid', () => {}, { shell: { by: 'stranger' } }),
    one('hello with a high s', 'hello-signature-invalid', () => {}, { shell: { highS: true } }),
    one('hello that names another device', 'hello-thumbprint-wrong', (f) => f.set(3, filled(32, 1))),
    one('hello to another challenge', 'hello-challenge-wrong', (f) => f.set(1, filled(32, 1))),
    one('hello without the challenge', 'hello-challenge-wrong', (f) => f.set(1, filled(0, 0))),
    one('another device, and another challenge', 'hello-thumbprint-wrong', (f) =>
      f.set(3, filled(32, 1)).set(1, filled(32, 1)),
    ),
  ];
}

export const receiptTerms = termsFor(licensedManifestDigest);

export function receiptCases(): DeviceCase[] {
  const digests = licensedPieces.payload.get(2) as CborInput[];
  const areas = [digests[0]!, 32, 64];
  const one = casesOf(
    receiptTyp,
    () =>
      new Map<number, CborInput>([
        [10, challenge],
        [256, concatBytes(Uint8Array.of(1), deviceThumbprint)],
        [263, 4],
        [265, 'tag:firmseal,2026:receipt-1'],
        [-70001, true],
        [-70002, licensedManifestDigest],
        [-70003, receiptTerms.licenseId],
        [-70004, receiptTerms.jobId],
        [-70005, 1],
        [-70006, areas],
        [-70007, options],
        [-70008, 5],
        [-70009, 2],
        [-70010, 0],
        [-70011, 1],
        [-70012, 'stm32f427'],
        [-70013, false],
      ]),
  );
  const bad = (name: string, key: number, value?: CborInput) =>
    one(name, 'receipt-malformed', (f) => (value === undefined ? f.delete(key) : f.set(key, value)));
  const set = (name: string, fault: FaultCode, key: number, value: CborInput) =>
    one(name, fault, (f) => f.set(key, value));
  return [
    one('fresh', undefined),
    one('not fresh', undefined, (f) => f.set(-70001, false).set(10, receiptTerms.receiptNonce), {
      challenge: null,
    }),
    one('unprotected, at level 1', undefined, (f) => f.set(-70013, true).set(-70009, 1).set(263, 1)),
    one('receipt under another typ', 'receipt-malformed', () => {}, { shell: { typ: helloTyp } }),
    bad('nonce of 31 bytes', 10, filled(31, 0)),
    bad('ueid of another type', 256, concatBytes(Uint8Array.of(2), deviceThumbprint)),
    bad('dbgstat 2', 263, 2),
    bad('dbgstat of another level', 263, 1),
    bad('another profile', 265, 'tag:firmseal,2026:receipt-2'),
    bad('fresh as a number', -70001, 1),
    bad('result missing', -70010),
    bad('no area', -70006, []),
    bad('area as text', -70006, ['x']),
    bad('unknown claim', 11, 0),
    one('receipt by a stranger', 'receipt-signature-invalid', () => {}, { shell: { by: 'stranger' } }),
    one('receipt with a high s', 'receipt-signature-invalid', () => {}, { shell: { highS: true } }),
    set('another device', 'receipt-device-wrong', 256, concatBytes(Uint8Array.of(1), filled(32, 1))),
    set('another license', 'receipt-license-wrong', -70003, filled(16, 1)),
    set('another job', 'receipt-license-wrong', -70004, filled(16, 1)),
    set('another package', 'receipt-manifest-wrong', -70002, filled(32, 1)),
    set('another digest of the firmware', 'receipt-digest-wrong', -70006, [filled(32, 1), 32, 64]),
    set('another length of per-device data', 'receipt-digest-wrong', -70006, [digests[0]!, 31, 64]),
    set('an area missing', 'receipt-digest-wrong', -70006, [digests[0]!, 32]),
    set('a length for the firmware', 'receipt-digest-wrong', -70006, [96, 32, 64]),
    set('another challenge', 'receipt-challenge-wrong', 10, filled(32, 1)),
    set('the nonce of the license, called fresh', 'receipt-challenge-wrong', 10, receiptTerms.receiptNonce),
    set('the challenge, called not fresh', 'receipt-challenge-wrong', -70001, false),
    one('fresh, without a challenge to hold it against', 'receipt-challenge-wrong', () => {}, {
      challenge: null,
    }),
    set('a bad end', 'receipt-result-bad', -70010, 1),
    one('another digest, and a bad end', 'receipt-digest-wrong', (f) =>
      f.set(-70010, 1).set(-70006, [1, 1, 1]),
    ),
  ];
}

export async function certificateCases(): Promise<DeviceCase[]> {
  const [signing, kem] = [keyPair('device').publicKey, keyPair('device KEM').publicKey];
  const fields = {
    serial: concatBytes(Uint8Array.of(0x41), seededBytes('serial', 15)),
    product: 'thermostat',
    chipId: 'stm32f427',
    commonName: toHex(deviceThumbprint),
    signingKey: signing,
    kemKey: kem,
    notBefore: new Date('2026-01-02T03:04:05Z'),
    notAfter: new Date('9999-12-31T23:59:59Z'),
  };
  const make = (change: Partial<typeof fields> = {}, by: 'device CA' | 'stranger' = 'device CA') => {
    const tbs = encodeTbs({ ...fields, ...change });
    return encodeCertificate(tbs, signerOf(by).sign(tbs));
  };
  const one = (
    name: string,
    fault: FaultCode,
    object: Bytes,
    context: Partial<DeviceCase> = {},
  ): DeviceCase => ({ name, fault, object, ...context });
  const device = {
    signingKey: signing,
    kemKey: kem,
    thumbprint: deviceThumbprint,
    chipId: 'stm32f427',
    product: 'thermostat',
  };
  const issued = await issueDeviceCertificate(crypto, {
    device,
    signer: signerOf('device CA'),
    notBefore: fields.notBefore,
    serial: fields.serial,
  });
  const whole = make();
  const unused = toHex(whole).replace('03020780', '03020680');
  return [
    { name: 'certificate without expiry', object: issued },
    { name: 'certificate with expiry', object: make({ notAfter: new Date('2031-01-01T00:00:00Z') }) },
    {
      name: 'certificate with expiry after 2050',
      object: make({ notAfter: new Date('2051-01-01T00:00:00Z') }),
    },
    one('no bytes', 'certificate-malformed', filled(0, 0)),
    one('a byte behind', 'certificate-malformed', concatBytes(whole, filled(1, 0))),
    one('a byte missing', 'certificate-malformed', whole.slice(0, -1)),
    one('1025 bytes', 'certificate-malformed', concatBytes(whole, filled(1025 - whole.length, 0))),
    one('another key usage', 'certificate-malformed', Uint8Array.from(Buffer.from(unused, 'hex'))),
    one('KEM key that is no point', 'certificate-malformed', make({ kemKey: filled(65, 4) })),
    one('product with a space', 'certificate-malformed', make({ product: 'ther mostat' })),
    one('by a stranger', 'certificate-signature-invalid', make({}, 'stranger')),
    one('another product', 'certificate-product-wrong', make({ product: 'kettle' })),
    one('not yet valid', 'certificate-expired', whole, { now: '2026-01-02T03:04:04Z' }),
    one('expired', 'certificate-expired', make({ notAfter: new Date('2026-12-31T23:59:59Z') })),
    one('name of another device', 'certificate-malformed', make({ commonName: toHex(filled(32, 1)) })),
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
