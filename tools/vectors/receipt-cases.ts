// Vectors of spec/receipt.md: receipts, each with one change a case, and the outcome of
// those that prove an install.

import { type Bytes, concatBytes, equalBytes } from '@firmseal/bytes';
import { type CborInput, encodeCbor } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { digestOf, openSigned, originOf } from '@firmseal/formats';
import { helloKind, type LicenseTerms, licenseKind, type Outcome, receiptKind } from '@firmseal/license';
import type { Manifest } from '@firmseal/seal';
import { agentPieces } from './agent-package-cases.ts';
import { challenge, options } from './hello-cases.ts';
import {
  dataDigests,
  deviceData,
  deviceThumbprint,
  licensedPieces,
  licenseOf,
  manifestOf,
  termsFor,
} from './license-parts.ts';
import { optionBytesAt } from './package-case.ts';
import { assemble, type Fields, otherAreas, pieces, type ShellChange, signShell } from './workshop.ts';

interface ReceiptCase {
  readonly name: string;
  readonly object: Bytes;
  readonly fault?: FaultCode;
  /** Where there is no fault. */
  readonly outcome?: Outcome;
  readonly challenge?: Bytes | null;
  /** Number of the origin in certificate and license; 1 when left out. */
  readonly origin?: number;
  /** Of the certificate, when it is another chip. */
  readonly chipId?: string;
  /** Of the license, when it is not the usual one. */
  readonly license?: Record<string, unknown>;
  readonly package?: Bytes;
}

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

/** A package, its license and the fields of its receipt. */
interface Install {
  readonly file: Bytes;
  readonly manifest: Manifest;
  readonly terms: LicenseTerms;
  readonly digest: Bytes;
}

function installOf(
  file: Bytes,
  contentKey: Bytes,
  { data = deviceData, origin = 1 }: { data?: readonly Bytes[]; origin?: number } = {},
): Install {
  const manifest = manifestOf(file);
  const terms = termsFor(manifest.digest, {
    origin: originOf(origin)!,
    deviceDataDigests: dataDigests(manifest, contentKey, data),
  });
  const license = licenseOf({ terms, contentKey, data });
  return { file, manifest, terms, digest: digestOf(crypto, openSigned(license, licenseKind)) };
}

/** What a verifier knows of a license, as it stands in the file. */
export const licenseFacts = ({ terms, digest }: Install) => ({
  digest,
  licenseId: terms.licenseId,
  jobId: terms.jobId,
  manifestDigest: terms.manifestDigest,
  thumbprint: terms.thumbprint,
  receiptNonce: terms.receiptNonce,
  deviceDataDigests: terms.deviceDataDigests,
});

export const usualInstall = installOf(assemble(licensedPieces), licensedPieces.contentKey);

function claimsOf({ manifest, terms, digest }: Install): Fields {
  const data = terms.deviceDataDigests.values();
  const areas = manifest.core.areas.map(({ kind, lengthBytes }, i) => {
    if (kind === 'generated-keys') return lengthBytes;
    return kind === 'device-data' ? data.next().value! : manifest.areaDigests[i]!;
  });
  return new Map<number, CborInput>([
    [10, challenge],
    [256, concatBytes(Uint8Array.of(1), deviceThumbprint)],
    [263, 4],
    [265, 'tag:firmseal,2026:receipt-1'],
    [-70001, true],
    [-70002, manifest.digest],
    [-70003, terms.licenseId],
    [-70004, terms.jobId],
    [-70005, 1],
    [-70006, areas],
    [-70007, options],
    [-70008, 5],
    [-70009, 2],
    [-70010, 0],
    [-70011, 1],
    [-70012, 'stm32f427'],
    [-70013, false],
    [-70014, digest],
    [-70015, true],
    [-70016, 1],
    [-70017, false],
  ]);
}

type Change = (fields: Fields) => unknown;

function make(
  name: string,
  ended: { readonly fault?: FaultCode; readonly outcome?: Outcome },
  change: Change,
  {
    install = usualInstall,
    shell,
    ...rest
  }: Partial<ReceiptCase> & { install?: Install; shell?: ShellChange } = {},
): ReceiptCase {
  const fields = claimsOf(install);
  change(fields);
  const object = signShell(receiptKind.typ, encodeCbor(fields), 'device', shell);
  const own = install === usualInstall ? {} : { package: install.file, license: licenseFacts(install) };
  return { name, ...ended, object, ...own, ...rest };
}

type Context = Parameters<typeof make>[3];
const good = (name: string, outcome: Outcome, change: Change = () => {}, context: Context = {}) =>
  make(name, { outcome }, change, context);
const one = (name: string, fault: FaultCode, change: Change, context: Context = {}) =>
  make(name, { fault }, change, context);
const bad = (name: string, key: number, value?: CborInput) =>
  one(name, 'receipt-malformed', (f) => (value === undefined ? f.delete(key) : f.set(key, value)));
const set = (name: string, fault: FaultCode, key: number, value: CborInput, context: Context = {}) =>
  one(name, fault, (f) => f.set(key, value), context);

const { terms } = usualInstall;
const notFresh: Change = (f) => f.set(-70001, false).set(-70015, false).set(10, terms.receiptNonce);
const atLevel =
  (level: 0 | 1 | 2, unprotected = level < 2): Change =>
  (f) =>
    f.set(-70009, level).set(263, [0, 1, 4][level]!).set(-70013, unprotected);

/** The usual areas under another core. */
async function installWith(core: Parameters<typeof pieces>[0] & object): Promise<Install> {
  const parts = await pieces({ areas: otherAreas, ...core, core: { entry: 0x08100000, ...core.core } });
  return installOf(assemble(parts), parts.contentKey);
}

/** A chip with a tier for repair, at a level that can be taken back. */
async function repairCases(): Promise<ReceiptCase[]> {
  const chipId = 'stm32h743';
  const install = await installWith({ core: { chips: [chipId], leastReadoutLevel: 1 } });
  const asksMore = await installWith({ core: { chips: [chipId], leastReadoutLevel: 2 } });
  const on =
    (change: Change): Change =>
    (f) => {
      f.set(-70012, chipId);
      change(f);
    };
  const withKey: Change = (f) => f.set(-70017, true).set(263, 1).set(-70013, true);
  return [
    good('repairable, at level 1', 'REPAIRABLE', on(atLevel(1)), { install, chipId }),
    good('at level 2 where level 1 would do', 'PASS', on(atLevel(2)), { install, chipId }),
    good('at level 0 of a chip that may be repaired', 'UNPROTECTED', on(atLevel(0)), { install, chipId }),
    good('level 1 where the package asks for level 2', 'UNPROTECTED', on(atLevel(1)), {
      ...{ install: asksMore, chipId },
    }),
    good('a level that somebody’s key takes back', 'UNPROTECTED', on(withKey), { install, chipId }),
  ];
}

async function outcomeCases(): Promise<ReceiptCase[]> {
  const level1 = await installWith({ core: { leastReadoutLevel: 1 } });
  const asksLevel2 = await installWith({
    core: { leastReadoutLevel: 1, optionBytes: [{ register: 0, mask: 0xff00, value: 0xcc00 }] },
  });
  const trial = await installWith({ core: { interruption: 'trial' } });
  const options1 = optionBytesAt('stm32f427', 0xbb).map(({ register, value }) => [register, value]);
  const origin = (number: number) => ({
    origin: number,
    license: licenseFacts(installOf(usualInstall.file, licensedPieces.contentKey, { origin: number })),
  });
  const named = (name: string, outcome: Outcome, number: number, change: Change = () => {}) => {
    const context = origin(number);
    return good(
      name,
      outcome,
      (f) => {
        f.set(-70016, number).set(-70014, context.license.digest);
        change(f);
      },
      context,
    );
  };
  return [
    good('fresh and measured', 'PASS'),
    good('not fresh', 'PASS', notFresh, { challenge: null }),
    good('not fresh, though a challenge was given', 'PASS', notFresh),
    good('counter above the package', 'PASS', (f) => f.set(-70008, 6)),
    good('newer agent', 'PASS', (f) => f.set(-70011, 9)),
    good('on trial, counter of before', 'PASS', (f) => f.set(-70010, 2).set(-70008, 0), { install: trial }),
    good('trial that was confirmed', 'PASS', () => {}, { install: trial }),
    good('unprotected, at level 1', 'UNPROTECTED', atLevel(1)),
    good('at level 1, and the chip does not say unprotected', 'UNPROTECTED', atLevel(1, false)),
    good('at level 0', 'UNPROTECTED', atLevel(0)),
    good('level 2 that a key can take back', 'UNPROTECTED', (f) =>
      f.set(-70017, true).set(263, 1).set(-70013, true),
    ),
    good('protected, and the chip says unprotected', 'UNPROTECTED', (f) => f.set(-70013, true)),
    good('level 1 where the package asks for no more', 'UNPROTECTED', atLevel(1), { install: level1 }),
    good(
      'level 1 where a requirement asks for level 2',
      'UNPROTECTED',
      (f) => {
        atLevel(1)(f);
        f.set(-70007, options1);
      },
      { install: asksLevel2 },
    ),
    ...(await repairCases()),
    named('enrolled', 'ENROLLED', 2),
    named('unwitnessed', 'UNWITNESSED', 3),
    named('rehearsal', 'REHEARSAL', 5),
    named('enrolled, in a rehearsal', 'REHEARSAL', 6),
    named('unwitnessed, in a rehearsal', 'REHEARSAL', 7),
    named('enrolled, and unprotected', 'UNPROTECTED', 2, atLevel(1)),
    named('rehearsal, and unprotected', 'REHEARSAL', 5, atLevel(0)),
  ];
}

async function satisfactionCases(): Promise<ReceiptCase[]> {
  const asks = (mask: number, value: number) =>
    installWith({ core: { optionBytes: [{ register: 0, mask, value }] } });
  const brownOut = await asks(0xc, 0);
  const agent2 = await installWith({ core: { leastAgentVersion: 2 } });
  const present = (mask: number, value: number) =>
    options.map(([register, all]) => [register!, register === 0 ? ((all! & ~mask) | value) >>> 0 : all!]);
  return [
    set('option bytes that were not set', 'receipt-options-wrong', -70007, options, { install: brownOut }),
    good('option bytes that were set', 'PASS', (f) => f.set(-70007, present(0xc, 0)), { install: brownOut }),
    set('required register not told', 'receipt-options-wrong', -70007, [[1, 0]], { install: brownOut }),
    set('counter below the package', 'receipt-counter-wrong', -70008, 4),
    set('counter 0', 'receipt-counter-wrong', -70008, 0),
    one('agent older than the package asks', 'receipt-agent-too-old', () => {}, { install: agent2 }),
    one('other option bytes, and a counter below', 'receipt-options-wrong', (f) => f.set(-70008, 0), {
      install: brownOut,
    }),
    one('counter below, and an old agent', 'receipt-counter-wrong', (f) => f.set(-70008, 0), {
      install: agent2,
    }),
  ];
}

function bindingCases(): ReceiptCase[] {
  const areas = claimsOf(usualInstall).get(-70006) as CborInput[];
  const [firmware, data, keys] = areas as [Bytes, Bytes, number];
  if (equalBytes(firmware, data)) throw new Error('both digests are the same');
  const withAreas = (name: string, value: CborInput) => set(name, 'receipt-digest-wrong', -70006, value);
  return [
    set('another device', 'receipt-device-wrong', 256, concatBytes(Uint8Array.of(1), filled(32, 1))),
    set('another chip than the certificate', 'receipt-chip-wrong', -70012, 'stm32h743'),
    set('another origin than the certificate', 'receipt-origin-wrong', -70016, 2),
    set('a rehearsal that the certificate does not tell', 'receipt-origin-wrong', -70016, 5),
    one('certificate of another origin than the license', 'receipt-origin-wrong', (f) => f.set(-70016, 2), {
      origin: 2,
      license: { ...licenseFacts(usualInstall), origin: 1 },
    }),
    set('another license', 'receipt-license-wrong', -70003, filled(16, 1)),
    set('another license of the same id', 'receipt-license-wrong', -70014, filled(32, 1)),
    set('another job', 'receipt-license-wrong', -70004, filled(16, 1)),
    set('another package', 'receipt-manifest-wrong', -70002, filled(32, 1)),
    set('another challenge', 'receipt-challenge-wrong', 10, filled(32, 1)),
    set('the nonce of the license, called fresh', 'receipt-challenge-wrong', 10, terms.receiptNonce),
    one('the challenge, called not fresh', 'receipt-challenge-wrong', (f) =>
      f.set(-70001, false).set(-70015, false),
    ),
    one('fresh, without a challenge to hold it against', 'receipt-challenge-wrong', () => {}, {
      challenge: null,
    }),
    one('given up', 'receipt-result-bad', (f) => f.set(-70010, 1).set(-70015, false)),
    set('on trial, of a package that knows no trial', 'receipt-result-bad', -70010, 2),
    set('gone', 'receipt-result-bad', -70010, 3),
    one('gone, since another install has begun', 'receipt-result-bad', (f) =>
      f.set(-70010, 3).set(-70015, false),
    ),
    set('fresh and not measured', 'receipt-not-measured', -70015, false),
    withAreas('another digest of the firmware', [filled(32, 1), data, keys]),
    withAreas('another digest of the per-device data', [firmware, filled(32, 1), keys]),
    withAreas('the length of the per-device data', [firmware, 32, keys]),
    withAreas('another length of the generated keys', [firmware, data, 63]),
    withAreas('an area missing', [firmware, data]),
    withAreas('an area too many', [firmware, data, keys, 32]),
    withAreas('a length for the firmware', [96, data, keys]),
  ];
}

async function agentCases(): Promise<ReceiptCase[]> {
  const parts = await agentPieces();
  const install = installOf(assemble(parts), parts.contentKey, { data: [] });
  const agent = (name: string, fault: FaultCode | undefined, value?: CborInput) =>
    make(
      name,
      fault ? { fault } : { outcome: 'PASS' },
      (f) => (value === undefined ? f : f.set(-70018, value)),
      { install },
    );
  return [
    agent('of an agent', undefined, [2, 7]),
    agent('of an agent that says no counter', 'receipt-digest-wrong'),
    agent('of an agent of another counter', 'receipt-digest-wrong', [2, 6]),
    agent('of an agent that says its version alone', 'receipt-malformed', [2]),
    set('of firmware, with the counter of an agent', 'receipt-digest-wrong', -70018, [2, 7]),
  ];
}

function orderCases(): ReceiptCase[] {
  const everything: [FaultCode, Change][] = [
    ['receipt-device-wrong', (f) => f.set(256, concatBytes(Uint8Array.of(1), filled(32, 1)))],
    ['receipt-chip-wrong', (f) => f.set(-70012, 'x')],
    ['receipt-origin-wrong', (f) => f.set(-70016, 3)],
    ['receipt-license-wrong', (f) => f.set(-70014, filled(32, 1))],
    ['receipt-manifest-wrong', (f) => f.set(-70002, filled(32, 1))],
    ['receipt-challenge-wrong', (f) => f.set(10, filled(32, 1))],
    ['receipt-result-bad', (f) => f.set(-70010, 3)],
    ['receipt-not-measured', (f) => f.set(-70015, false)],
    ['receipt-digest-wrong', (f) => f.set(-70006, [1, 1, 1])],
    ['receipt-counter-wrong', (f) => f.set(-70008, 0)],
  ];
  return everything.slice(0, -1).map(([fault], from) =>
    one(`${fault.replace('receipt-', '').replace('-', ' ')}, and all that comes after it`, fault, (f) => {
      for (const [, change] of everything.slice(from)) change(f);
    }),
  );
}

/** In the order of the checks, valid ones first. */
export async function receiptCases(): Promise<ReceiptCase[]> {
  return [
    ...(await outcomeCases()),
    ...(await agentCases()),
    one('receipt under another typ', 'receipt-malformed', () => {}, { shell: { typ: helloKind.typ } }),
    one('payload of 1153 bytes by a stranger', 'receipt-malformed', () => {}, {
      shell: { payload: filled(1153, 0), by: 'stranger' },
    }),
    one('payload of 1152 bytes by a stranger', 'receipt-signature-invalid', () => {}, {
      shell: { payload: filled(1152, 0), by: 'stranger' },
    }),
    one('receipt malformed, and by a stranger', 'receipt-signature-invalid', (f) => f.delete(10), {
      shell: { by: 'stranger' },
    }),
    one('receipt by a stranger', 'receipt-signature-invalid', () => {}, { shell: { by: 'stranger' } }),
    one('receipt with a high s', 'receipt-signature-invalid', () => {}, { shell: { highS: true } }),
    bad('nonce of 31 bytes', 10, filled(31, 0)),
    bad('ueid of another type', 256, concatBytes(Uint8Array.of(2), deviceThumbprint)),
    bad('dbgstat 2', 263, 2),
    bad('dbgstat of another level', 263, 1),
    bad('dbgstat of level 2, with a level key', -70017, true),
    bad('another profile', 265, 'tag:firmseal,2026:receipt-2'),
    bad('fresh as a number', -70001, 1),
    bad('result missing', -70010),
    bad('result 4', -70010, 4),
    bad('result as a boolean', -70010, false),
    bad('no area', -70006, []),
    bad('area as text', -70006, ['x']),
    bad('license digest missing', -70014),
    bad('measured as a number', -70015, 1),
    bad('origin 0', -70016, 0),
    bad('origin 4', -70016, 4),
    bad('unknown claim', 11, 0),
    bad('claim -70018 as a number', -70018, 0),
    bad('claim -70019', -70019, 0),
    one('measured and not fresh', 'receipt-malformed', (f) => {
      notFresh(f);
      f.set(-70015, true);
    }),
    one('gone and not fresh', 'receipt-malformed', (f) => {
      notFresh(f);
      f.set(-70010, 3);
    }),
    ...bindingCases(),
    ...(await satisfactionCases()),
    ...orderCases(),
  ];
}
