// Vectors of spec/station.md: delegations, requests, licenses and statements of a station, each with one part
// changed. The station's key is that of the device CA of the other vectors.

import { type Bytes, utf8 } from '@firmseal/bytes';
import { type CborInput, encodeCbor, openCose, signatureInput } from '@firmseal/cbor-cose';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { FaultCode } from '@firmseal/fault';
import { delegationKind, digestOf, openSigned } from '@firmseal/formats';
import { hpkeSeal } from '@firmseal/hpke';
import { makeLicenseBundle } from '@firmseal/license';
import {
  dataDigests,
  deviceData,
  issuer,
  licensedPackage,
  licensedPieces,
  manifestOf,
} from './license-parts.ts';
import { keyPair, seededBytes } from './vector-keys.ts';
import { delegate, type Fields, product, type ShellChange, signShell } from './workshop.ts';

interface StationCase {
  readonly name: string;
  readonly kind: 'delegation' | 'request' | 'license' | 'outcome';
  readonly object: Bytes;
  readonly epoch?: number;
  readonly fault?: FaultCode;
}

type Change = (fields: Fields) => unknown;
type Context = { readonly shell?: ShellChange; readonly epoch?: number };

const typ = (name: string) => `application/firmseal-${name}`;
const digestOfObject = (bytes: Bytes, type: string): Bytes =>
  crypto.sha256(signatureInput(type, openCose(bytes, type).payload));
const map = (entries: readonly [number, CborInput][], change: Change): Fields => {
  const fields: Fields = new Map(entries);
  change(fields);
  return fields;
};

const stationKey = keyPair('device CA').publicKey;
const delegationOf = (change: Change = () => {}, shell: ShellChange = {}): Bytes => {
  const fields = map(
    [
      [0, 1],
      [1, stationKey],
      [2, product],
      [3, 'bench-1'],
      [4, 1],
      [5, 1_700_000_000],
      [6, 1_800_000_000],
    ],
    change,
  );
  return signShell(typ('station'), encodeCbor(fields), 'root', shell);
};

export const stationDelegation = delegationOf();
const stationDigest = digestOfObject(stationDelegation, typ('station'));
export const stationJob = seededBytes('job of the station', 16);
export const stationChallenge = seededBytes('challenge of the station', 32);
const holder = crypto.sha256(utf8('firmseal/1 station holder\0stm32f427\0'), seededBytes('unique id', 12));
const manifest = manifestOf(licensedPackage);

const requestOf = (change: Change = () => {}, shell: ShellChange = {}): Bytes => {
  const fields = map(
    [
      [0, 1],
      [1, 1],
      [2, stationJob],
      [3, stationChallenge],
      [4, seededBytes('nonce of the station', 16)],
      [5, stationDigest],
      [6, 'stm32f427'],
      [7, holder],
      [8, manifest.digest],
      [9, keyPair('device KEM').publicKey],
    ],
    change,
  );
  return signShell(typ('station-request'), encodeCbor(fields), 'device CA', shell);
};

export const stationRequest = requestOf();

const issuerDelegation = await delegate(issuer);
const issuerDigest = digestOf(crypto, openSigned(issuerDelegation, delegationKind));
const { contentKey } = licensedPieces;

interface LicenseChange {
  readonly terms?: Change;
  readonly payload?: Change;
  readonly shell?: ShellChange;
  readonly plaintext?: CborInput;
}

function licenseOf({ terms = () => {}, payload = () => {}, shell = {}, plaintext }: LicenseChange = {}) {
  const aad = encodeCbor(
    map(
      [
        [0, 1],
        [1, stationJob],
        [2, seededBytes('license of the station', 16)],
        [3, 7],
        [4, manifest.digest],
        [5, holder],
        [6, 'stm32f427'],
        [7, digestOfObject(stationRequest, typ('station-request'))],
        [8, seededBytes('nonce of the statement', 32)],
        [9, issuerDigest],
        [10, dataDigests(manifest, contentKey, deviceData)],
      ],
      terms,
    ),
  );
  const { enc, sealed } = hpkeSeal(crypto, {
    ...{ recipientPublicKey: keyPair('device KEM').publicKey, info: utf8('firmseal/1 station-license') },
    ...{ aad, plaintext: encodeCbor(plaintext ?? [contentKey, [...deviceData]]) },
    ephemeral: keyPair('HPKE ephemeral'),
  });
  const fields = map(
    [
      [0, aad],
      [1, enc],
      [2, sealed],
    ],
    payload,
  );
  const license = signShell(typ('station-license'), encodeCbor(fields), 'license issuer', shell);
  return makeLicenseBundle({ license, delegation: issuerDelegation });
}

const outcomeOf = (change: Change = () => {}, shell: ShellChange = {}): Bytes => {
  const fields = map(
    [
      [0, 1],
      [1, stationJob],
      [2, 7],
      [3, holder],
      [4, 'stm32f427'],
      [5, 1],
      [6, stationDigest],
      [7, 1],
      [8, null],
      [9, seededBytes('digest of the license', 32)],
      [10, seededBytes('nonce of the statement', 32)],
      [11, manifest.digest],
      [12, [seededBytes('area', 32)]],
      [13, 2],
      [14, 1],
      [
        15,
        [
          [0, 5],
          [1, 0],
        ],
      ],
      [16, true],
      [17, 1_750_000_000],
    ],
    change,
  );
  return signShell(typ('outcome'), encodeCbor(fields), 'device CA', shell);
};

const failed: Change = (f) => f.set(7, 2).set(8, 'write-not-done').set(12, []);
const byVendor: Change = (f) => f.set(5, 2).set(9, null);

export function stationCases(): StationCase[] {
  const key = stationKey;
  const compressed = Uint8Array.of(2 + (key[64]! & 1), ...key.subarray(1, 33));
  const make =
    (kind: StationCase['kind'], of: (change: Change, shell?: ShellChange) => Bytes) =>
    (
      name: string,
      fault?: FaultCode,
      change: Change = () => {},
      { shell, epoch }: Context = {},
    ): StationCase => ({
      ...{ name: `${kind}: ${name}`, kind, object: of(change, shell) },
      ...(epoch === undefined ? {} : { epoch }),
      ...(fault === undefined ? {} : { fault }),
    });
  const delegation = make('delegation', delegationOf);
  const request = make('request', requestOf);
  const outcome = make('outcome', outcomeOf);
  const license = (name: string, fault?: FaultCode, change: LicenseChange = {}): StationCase => ({
    ...{ name: `license: ${name}`, kind: 'license', object: licenseOf(change) },
    ...(fault === undefined ? {} : { fault }),
  });
  const by = { shell: { by: 'stranger' as const } };
  const [badDelegation, badRequest] = ['station-delegation-malformed', 'station-request-malformed'] as const;
  const [badLicense, badOutcome] = ['station-license-malformed', 'outcome-malformed'] as const;
  return [
    delegation('of a station'),
    delegation('of a later epoch', undefined, (f) => f.set(4, 9)),
    delegation('of one second', undefined, (f) => f.set(5, 9).set(6, 9)),
    delegation('by a stranger', 'station-delegation-signature-invalid', () => {}, by),
    delegation('malformed, and by a stranger', 'station-delegation-signature-invalid', (f) => f.clear(), by),
    delegation('that ends before it begins', badDelegation, (f) => f.set(6, 1)),
    delegation('of another version', badDelegation, (f) => f.set(0, 2)),
    delegation('with a compressed point', badDelegation, (f) => f.set(1, compressed)),
    delegation('with no point', badDelegation, (f) => f.set(1, new Uint8Array(65).fill(4))),
    delegation('with a name that has a blank', badDelegation, (f) => f.set(3, 'bench 1')),
    delegation('without a name', badDelegation, (f) => f.delete(3)),
    delegation('with a further key', badDelegation, (f) => f.set(7, 1)),
    delegation('of the type of other delegations', badDelegation, () => {}, {
      shell: { typ: typ('delegation') },
    }),
    delegation('for another product', 'delegation-product-wrong', (f) => f.set(2, 'other')),
    delegation('of an ended epoch', 'delegation-revoked', () => {}, { epoch: 2 }),
    request('for a license'),
    request('for a unit', undefined, (f) => f.set(1, 2).set(8, null).set(9, null)),
    request('by a stranger', 'station-request-signature-invalid', () => {}, by),
    request('for a unit, with a key', badRequest, (f) => f.set(1, 2).set(8, null)),
    request('for a license, without a key', badRequest, (f) => f.set(9, null)),
    request('for a third purpose', badRequest, (f) => f.set(1, 3)),
    request('with no point', badRequest, (f) => f.set(9, new Uint8Array(65).fill(4))),
    request('with a short holder', badRequest, (f) => f.set(7, new Uint8Array(31))),
    request('of another delegation', 'station-request-wrong', (f) => f.set(5, new Uint8Array(32))),
    request('for another job', 'station-request-wrong', (f) => f.set(2, new Uint8Array(16))),
    request('for another challenge', 'station-request-wrong', (f) => f.set(3, new Uint8Array(32))),
    license('for the request'),
    license('of the type of a license for a chip', badLicense, { shell: { typ: typ('license') } }),
    license('by a stranger', 'station-license-signature-invalid', { shell: { by: 'stranger' } }),
    license('without an envelope', badLicense, { payload: (f) => f.delete(2) }),
    license('without a chip', badLicense, { terms: (f) => f.delete(6) }),
    license('with the key of a mode', badLicense, { terms: (f) => f.set(11, 1) }),
    license('under another delegation', 'station-license-wrong', {
      terms: (f) => f.set(9, new Uint8Array(32)),
    }),
    license('for another request', 'station-license-wrong', { terms: (f) => f.set(7, new Uint8Array(32)) }),
    license('for another job', 'station-license-wrong', { terms: (f) => f.set(1, new Uint8Array(16)) }),
    license('for another package', 'station-license-wrong', { terms: (f) => f.set(4, new Uint8Array(32)) }),
    license('for another chip', 'station-license-wrong', { terms: (f) => f.set(5, new Uint8Array(32)) }),
    license('for another kind of chip', 'station-license-wrong', { terms: (f) => f.set(6, 'stm32g0b1') }),
    license('with a changed envelope', 'license-unwrap-failed', {
      payload: (f) => f.set(2, new Uint8Array(60)),
    }),
    license('without the data', 'license-data-wrong', { plaintext: [contentKey, []] }),
    license('with another key', 'key-commitment-wrong', {
      plaintext: [seededBytes('another key', 32), [...deviceData]],
    }),
    license('with other data', 'license-data-wrong', {
      plaintext: [contentKey, [seededBytes('other data', 32)]],
    }),
    outcome('done, level 1 read'),
    outcome('done, chip silent', undefined, (f) => f.set(13, 3).set(14, null).set(15, [])),
    outcome('failed', undefined, failed),
    outcome('unknown, nothing looked at', undefined, (f) => {
      failed(f);
      f.set(7, 3).set(13, null).set(14, null).set(15, []);
    }),
    outcome("by ST's installer", undefined, byVendor),
    outcome('by a stranger', 'outcome-signature-invalid', () => {}, by),
    outcome('of the type of a receipt', badOutcome, () => {}, { shell: { typ: typ('receipt') } }),
    outcome('done, with a cause', badOutcome, (f) => f.set(8, 'write-not-done')),
    outcome('failed, without a cause', badOutcome, (f) => f.set(7, 2)),
    outcome('with a cause in capitals', badOutcome, (f) => f.set(7, 2).set(8, 'Failed')),
    outcome('with a cause of 65 letters', badOutcome, (f) => f.set(7, 2).set(8, 'a'.repeat(65))),
    outcome("by ST's installer, with a license", badOutcome, (f) => f.set(5, 2)),
    outcome('by the station, without a license', badOutcome, (f) => f.set(9, null)),
    outcome('with a level that nobody looked at', badOutcome, (f) => f.set(13, null)),
    outcome('with a fourth result', badOutcome, (f) => f.set(7, 4)),
    outcome('with registers out of order', badOutcome, (f) =>
      f.set(15, [
        [1, 0],
        [0, 5],
      ]),
    ),
    outcome('with nine areas', badOutcome, (f) => f.set(12, Array(9).fill(new Uint8Array(32)))),
    outcome('of another delegation', 'outcome-wrong', (f) => f.set(6, new Uint8Array(32))),
  ];
}
