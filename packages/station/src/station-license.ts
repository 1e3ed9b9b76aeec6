// A license whose receiver is a station: spec/station.md section 4. A kind of its own, so that no chip takes
// it for its license and no station one of a chip.

import { type Bytes, equalBytes, Secret, utf8 } from '@firmseal/bytes';
import {
  arrayOf,
  byteString,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  oneOf,
  signCoseWith,
  tuple,
} from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  checkCounterCap,
  count,
  digestOf,
  readItem,
  readObject,
  readValue,
  type SignedKind,
  shortText,
  type Trust,
  verifyAuthority,
  verifySigned,
} from '@firmseal/formats';
import { hpkeOpen, hpkeSeal } from '@firmseal/hpke';
import { deviceDataAreas, envelopeShape, readLicenseBundle, type VerifiedEnvelope } from '@firmseal/license';
import { type Manifest, openContentKeys } from '@firmseal/seal';

const malformed = 'station-license-malformed';

const stationLicenseKind: SignedKind = {
  typ: 'application/firmseal-station-license',
  payloadMaxBytes: 2048,
  malformed,
  invalid: 'station-license-signature-invalid',
};
const info = utf8('firmseal/1 station-license');

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

export interface StationLicenseInputs {
  /** What the issuer does not say here follows from the package and the data. */
  readonly terms: Omit<StationTerms, 'manifestDigest' | 'deviceDataDigests'>;
  readonly manifest: Manifest;
  /** Of the request, 65 bytes. */
  readonly kemKey: Uint8Array;
  readonly contentKey: Secret;
  /** One value for each area of per-device data, in order, each as long as its area. */
  readonly deviceData?: readonly Uint8Array[];
  /** The issuer's. */
  readonly signer: CoseSigner;
  /** For test vectors alone. */
  readonly ephemeral?: KeyPair;
}

/** The signed license. Throws `license-data-wrong`, `key-commitment-wrong`, `hpke-recipient-invalid`. */
export async function issueStationLicense(crypto: Crypto, inputs: StationLicenseInputs): Promise<Bytes> {
  const { manifest, kemKey, contentKey, deviceData = [], signer, ephemeral } = inputs;
  const ordinals = deviceDataAreas(manifest, deviceData);
  const keys = openContentKeys(crypto, manifest, contentKey);
  const aad = encodeTerms({
    ...inputs.terms,
    manifestDigest: manifest.digest,
    deviceDataDigests: ordinals.map((ordinal, i) => keys.areaDigest(ordinal, crypto.sha256(deviceData[i]!))),
  });
  const plaintext = encodeCbor([contentKey.expose(), [...deviceData]]);
  const { enc, sealed } = hpkeSeal(crypto, {
    ...{ recipientPublicKey: kemKey, info, aad, plaintext },
    ...(ephemeral ? { ephemeral } : {}),
  });
  plaintext.fill(0);
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, aad],
      [1, enc],
      [2, sealed],
    ]),
  );
  return signCoseWith(crypto, { signer, typ: stationLicenseKind.typ, payload });
}

export type VerifiedStationLicense = VerifiedEnvelope<StationTerms>;

/**
 * Section 4, steps 1 to 4; the bundle is that of spec/license.md section 1. Throws `license-malformed` for
 * the bundle, the faults of verifyAuthority, `station-license-malformed`,
 * `station-license-signature-invalid`, `station-license-wrong`.
 */
export function verifyStationLicense(
  crypto: Crypto,
  inputs: Trust & { bundle: Uint8Array },
): VerifiedStationLicense {
  const { bundle, ...known } = inputs;
  const { license, delegation, epoch: epochStatement } = readLicenseBundle(bundle);
  const { delegate: issuer, trust } = verifyAuthority(
    crypto,
    { delegation, epochStatement },
    { ...known, role: 'license-issuer' },
  );
  const object = verifySigned(crypto, license, { kind: stationLicenseKind, publicKey: issuer.publicKey });
  const shape = readObject(object.payload, malformed, 'station license', envelopeShape);
  const { formatVersion, ...terms } = readObject(shape.termsBytes, malformed, 'terms', termsShape);
  if (!equalBytes(terms.delegationDigest, issuer.digest))
    throw new Fault('station-license-wrong', { what: 'delegation of its issuer' });
  return { ...shape, terms, digest: digestOf(crypto, object), issuer, trust };
}

const envelope = tuple(bytes32, arrayOf(byteString(0, 1024), 0, 8));

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
  const { license, manifest, request, recipient } = inputs;
  const { terms, enc, ciphertext: sealed, termsBytes: aad, issuer } = license;
  const must = (what: string, holds: boolean) => {
    if (!holds) throw new Fault('station-license-wrong', { what });
  };
  must('request', equalBytes(terms.requestDigest, request.digest));
  must('job', equalBytes(terms.jobId, request.jobId));
  must('package', equalBytes(terms.manifestDigest, manifest.digest));
  must('chip', equalBytes(terms.holder, request.holder) && terms.chipId === request.chipId);
  checkCounterCap(issuer, manifest.core.securityCounter);
  const plaintext = hpkeOpen(crypto, { recipient, enc, info, aad, sealed });
  if (!plaintext) throw new Fault('license-unwrap-failed');
  const value = readItem(plaintext, 'license-data-wrong');
  const [key, deviceData] = readValue(value, 'license-data-wrong', 'license', envelope);
  plaintext.fill(0);
  const contentKey = new Secret(key);
  const ordinals = deviceDataAreas(manifest, deviceData);
  const digests = terms.deviceDataDigests;
  if (digests.length !== ordinals.length) throw new Fault('license-data-wrong');
  const keys = openContentKeys(crypto, manifest, contentKey);
  for (const [i, ordinal] of ordinals.entries())
    if (!equalBytes(keys.areaDigest(ordinal, crypto.sha256(deviceData[i]!)), digests[i]!))
      throw new Fault('license-data-wrong');
  return { contentKey, deviceData };
}
