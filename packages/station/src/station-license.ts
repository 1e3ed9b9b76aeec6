// A license whose receiver is a station: spec/station.md section 4. A kind of its own, so that no chip takes
// it for its license and no station one of a chip.

import { type Bytes, equalBytes, type Secret, utf8 } from '@firmseal/bytes';
import { arrayOf, type CborInput, encodeCbor, field, oneOf } from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  checkCounterCap,
  count,
  readObject,
  shortText,
  type Trust,
} from '@firmseal/formats';
import {
  type EnvelopeInputs,
  type EnvelopeKind,
  licenseDigestOf,
  openEnvelope,
  sealEnvelope,
  type VerifiedEnvelope,
  verifyEnvelope,
} from '@firmseal/license';
import type { Manifest } from '@firmseal/seal';

const malformed = 'station-license-malformed';

export interface StationTerms {
  /** 16 bytes. */
  readonly jobId: Bytes;
  /** 16 bytes, never given twice. */
  readonly licenseId: Bytes;
  readonly unitIndex: number;
  readonly manifestDigest: Bytes;
  /** Of the chip that holds the unit. */
  readonly holder: Bytes;
  readonly chipId: string;
  /** Of the request that it answers, 32 bytes. */
  readonly requestDigest: Bytes;
  /** What the statement of the outcome carries, 32 bytes. */
  readonly outcomeNonce: Bytes;
  /** Of the issuer's delegation that travels in the bundle, 32 bytes. */
  readonly delegationDigest: Bytes;
  /** Keyed digest of each area of per-device data, in order. */
  readonly deviceDataDigests: readonly Bytes[];
}

const termsShape = {
  formatVersion: field(0, oneOf(1)),
  jobId: field(1, bytes16),
  licenseId: field(2, bytes16),
  unitIndex: field(3, count),
  manifestDigest: field(4, bytes32),
  holder: field(5, bytes32),
  chipId: field(6, shortText),
  requestDigest: field(7, bytes32),
  outcomeNonce: field(8, bytes32),
  delegationDigest: field(9, bytes32),
  deviceDataDigests: field(10, arrayOf(bytes32, 0, 8)),
};

function encodeTerms(terms: StationTerms): Bytes {
  return encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, terms.jobId],
      [2, terms.licenseId],
      [3, terms.unitIndex],
      [4, terms.manifestDigest],
      [5, terms.holder],
      [6, terms.chipId],
      [7, terms.requestDigest],
      [8, terms.outcomeNonce],
      [9, terms.delegationDigest],
      [10, [...terms.deviceDataDigests]],
    ]),
  );
}

function decodeTerms(bytes: Uint8Array): StationTerms {
  const { formatVersion: _, ...terms } = readObject(bytes, malformed, 'terms', termsShape);
  return terms;
}

const stationLicenseKind: EnvelopeKind<StationTerms> = {
  signed: {
    typ: 'application/firmseal-station-license',
    payloadMaxBytes: 2048,
    malformed,
    invalid: 'station-license-signature-invalid',
  },
  name: 'station license',
  info: utf8('firmseal/1 station-license'),
  encodeTerms,
  decodeTerms,
  delegationFault: () => new Fault('station-license-wrong', { what: 'delegation of its issuer' }),
};

export type StationLicenseInputs = EnvelopeInputs<StationTerms>;

/** The signed license. Throws as sealEnvelope does. */
export async function issueStationLicense(crypto: Crypto, inputs: StationLicenseInputs): Promise<Bytes> {
  return (await sealEnvelope(crypto, stationLicenseKind, inputs)).license;
}

export type VerifiedStationLicense = VerifiedEnvelope<StationTerms>;

/**
 * Section 4, steps 1 to 4; the bundle is that of spec/license.md section 1. Throws `license-malformed` for
 * the bundle, the faults of verifyAuthority, `station-license-malformed`,
 * `station-license-signature-invalid`, `station-license-wrong`.
 */
export const verifyStationLicense = (
  crypto: Crypto,
  inputs: Trust & { bundle: Uint8Array },
): VerifiedStationLicense => verifyEnvelope(crypto, stationLicenseKind, inputs);

/** Digest of the license in a bundle, nothing of which is verified. Throws `license-malformed`. */
export const stationLicenseDigestOf = (crypto: Crypto, bundle: Uint8Array): Bytes =>
  licenseDigestOf(crypto, bundle, stationLicenseKind.signed);

/**
 * Steps 5 to 7: that it answers this request for this package, and the envelope. The caller wipes the content
 * key and the data. Throws `station-license-wrong`, `delegation-counter-exceeded`, `license-unwrap-failed`,
 * `license-data-wrong`, `key-commitment-wrong`.
 */
export function openStationLicense(
  crypto: Crypto,
  inputs: {
    license: VerifiedStationLicense;
    manifest: Manifest;
    request: { jobId: Uint8Array; holder: Uint8Array; chipId: string; digest: Uint8Array };
    recipient: KeyPair;
  },
): { contentKey: Secret; deviceData: Bytes[] } {
  const { license, manifest, request } = inputs;
  const { terms, issuer } = license;
  const must = (what: string, holds: boolean) => {
    if (!holds) throw new Fault('station-license-wrong', { what });
  };
  must('request', equalBytes(terms.requestDigest, request.digest));
  must('job', equalBytes(terms.jobId, request.jobId));
  must('package', equalBytes(terms.manifestDigest, manifest.digest));
  must('chip', equalBytes(terms.holder, request.holder) && terms.chipId === request.chipId);
  checkCounterCap(issuer, manifest.core.securityCounter);
  return openEnvelope(crypto, stationLicenseKind, inputs);
}
