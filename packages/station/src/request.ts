// What a station asks the authority for one chip: spec/station.md section 3. Signed over the authority's
// challenge. For a license it carries a KEM key that was made for this request and is never stored.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  nullable,
  oneOf,
  signCoseWith,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  digestOf,
  openSigned,
  pointBytes,
  readObject,
  type SignedKind,
  shortText,
  verifySigned,
} from '@firmseal/formats';
import type { VerifiedStation } from './station-delegation.ts';

const requestKind: SignedKind = {
  typ: 'application/firmseal-station-request',
  payloadMaxBytes: 512,
  malformed: 'station-request-malformed',
  invalid: 'station-request-signature-invalid',
};

/** `license`: the station opens the package itself. `unit`: ST's installer writes the chip. */
const stationPurposes = ['license', 'unit'] as const;
export type StationPurpose = (typeof stationPurposes)[number];

export interface StationRequest {
  readonly purpose: StationPurpose;
  readonly jobId: Bytes;
  /** Of the authority, 32 bytes. */
  readonly challenge: Bytes;
  /** Drawn for this request, 16 bytes. */
  readonly nonce: Bytes;
  /** Of the station's delegation. */
  readonly stationDigest: Bytes;
  readonly chipId: string;
  readonly holder: Bytes;
  /** Purpose license only. */
  readonly manifestDigest?: Bytes;
  /** Purpose license only: made for this request, 65 bytes. */
  readonly kemKey?: Bytes;
}

export interface VerifiedRequest extends StationRequest {
  /** Of the signed object, 32 bytes. */
  readonly digest: Bytes;
}

const shape = {
  formatVersion: field(0, oneOf(1)),
  purposeNumber: field(1, oneOf(1, 2)),
  jobId: field(2, bytes16),
  challenge: field(3, bytes32),
  nonce: field(4, bytes16),
  stationDigest: field(5, bytes32),
  chipId: field(6, shortText),
  holder: field(7, bytes32),
  manifestDigest: field(8, nullable(bytes32)),
  kemKey: field(9, nullable(pointBytes)),
};

function readPayload(crypto: Crypto, payload: Uint8Array): StationRequest {
  const { malformed } = requestKind;
  const { formatVersion, purposeNumber, manifestDigest, kemKey, ...rest } = readObject(
    payload,
    malformed,
    'station request',
    shape,
  );
  const purpose = stationPurposes[purposeNumber - 1]!;
  const asksLicense = manifestDigest !== null && kemKey !== null;
  const asksUnit = manifestDigest === null && kemKey === null;
  if (purpose === 'license' ? !asksLicense : !asksUnit) throw new Fault(malformed);
  if (kemKey !== null && !crypto.isP256Point(kemKey)) throw new Fault(malformed);
  return { ...rest, purpose, ...(asksLicense ? { manifestDigest, kemKey } : {}) };
}

/** The encoded object. Rejects with `station-request-malformed` for one that no reader would take. */
export async function makeStationRequest(
  crypto: Crypto,
  station: CoseSigner,
  request: StationRequest,
): Promise<Bytes> {
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, stationPurposes.indexOf(request.purpose) + 1],
      [2, request.jobId],
      [3, request.challenge],
      [4, request.nonce],
      [5, request.stationDigest],
      [6, request.chipId],
      [7, request.holder],
      [8, request.manifestDigest ?? null],
      [9, request.kemKey ?? null],
    ]),
  );
  readPayload(crypto, payload);
  return signCoseWith(crypto, { signer: station, typ: requestKind.typ, payload });
}

/** Shape alone, for display. Throws `station-request-malformed`. */
export function readStationRequestUnverified(crypto: Crypto, bytes: Uint8Array): StationRequest {
  return readPayload(crypto, openSigned(bytes, requestKind).payload);
}

/**
 * Section 3. Throws `station-request-malformed`, `station-request-signature-invalid`,
 * `station-request-wrong`.
 */
export function verifyStationRequest(
  crypto: Crypto,
  bytes: Uint8Array,
  expected: {
    readonly station: VerifiedStation;
    readonly jobId: Uint8Array;
    readonly purpose?: StationPurpose;
    readonly challenge?: Uint8Array;
  },
): VerifiedRequest {
  const { station, jobId, purpose, challenge } = expected;
  const object = verifySigned(crypto, bytes, { kind: requestKind, publicKey: station.publicKey });
  const request = readPayload(crypto, object.payload);
  const must = (what: string, holds: boolean) => {
    if (!holds) throw new Fault('station-request-wrong', { what });
  };
  must('station', equalBytes(request.stationDigest, station.digest));
  must('job', equalBytes(request.jobId, jobId));
  must('purpose', purpose === undefined || request.purpose === purpose);
  must('challenge', challenge === undefined || equalBytes(request.challenge, challenge));
  return { ...request, digest: digestOf(crypto, object) };
}
