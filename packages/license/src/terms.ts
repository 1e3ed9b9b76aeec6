// The terms of a license: which chip, which package, which unit of which job, and until
// when. spec/license.md section 1.

import type { Bytes } from '@firmseal/bytes';
import {
  arrayOf,
  type CborInput,
  encodeCbor,
  field,
  oneOf,
  optionalField,
  readMap,
} from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  count,
  type Origin,
  originNumber,
  originValue,
  readItem,
  readValue,
  word,
} from '@firmseal/formats';

const licenseModes = ['session', 'standing'] as const;
export type LicenseMode = (typeof licenseModes)[number];

export interface LicenseTerms {
  /** 16 bytes. */
  readonly jobId: Bytes;
  /** 16 bytes, never given twice. */
  readonly licenseId: Bytes;
  /** Which unit of the job's quota this chip holds, from 0. */
  readonly unitIndex: number;
  readonly manifestDigest: Bytes;
  readonly thumbprint: Bytes;
  readonly mode: LicenseMode;
  /** Mode session only: the chip's nonce from its hello, 16 bytes. */
  readonly nonce?: Bytes;
  /** What a receipt without a challenge carries, 32 bytes. */
  readonly receiptNonce: Bytes;
  /** The least security counter that the package may have. */
  readonly counterFloor: number;
  /** Of the identity, as its certificate has it. */
  readonly origin: Origin;
  /** The chip unwraps while its count of unwraps is below it. */
  readonly ceiling: number;
  /** Of the delegation that travels in the bundle, 32 bytes. */
  readonly delegationDigest: Bytes;
  /** Keyed digest of each area of per-device data, in order. */
  readonly deviceDataDigests: readonly Bytes[];
  /** Mode standing only: seconds since 1970, at most 2^32 - 1. Chips take no notice of it. */
  readonly notAfterSeconds?: number;
}

const commonShape = {
  formatVersion: field(0, oneOf(1)),
  jobId: field(1, bytes16),
  licenseId: field(2, bytes16),
  unitIndex: field(3, count),
  manifestDigest: field(4, bytes32),
  thumbprint: field(5, bytes32),
  receiptNonce: field(8, bytes32),
  counterFloor: field(9, count),
  origin: field(10, originValue),
  ceiling: field(11, count),
  delegationDigest: field(12, bytes32),
  deviceDataDigests: field(13, arrayOf(bytes32, 0, 8)),
};
const sessionShape = { ...commonShape, modeNumber: field(6, oneOf(1)), nonce: field(7, bytes16) };
const standingShape = {
  ...commonShape,
  modeNumber: field(6, oneOf(2)),
  notAfterSeconds: optionalField(14, word),
};

/** Encodes; these bytes are also the aad of the envelope. */
export function encodeTerms(terms: LicenseTerms): Bytes {
  const map = new Map<number, CborInput>([
    [0, 1],
    [1, terms.jobId],
    [2, terms.licenseId],
    [3, terms.unitIndex],
    [4, terms.manifestDigest],
    [5, terms.thumbprint],
    [6, licenseModes.indexOf(terms.mode) + 1],
    [8, terms.receiptNonce],
    [9, terms.counterFloor],
    [10, originNumber(terms.origin)],
    [11, terms.ceiling],
    [12, terms.delegationDigest],
    [13, [...terms.deviceDataDigests]],
  ]);
  if (terms.nonce) map.set(7, terms.nonce);
  if (terms.notAfterSeconds !== undefined) map.set(14, terms.notAfterSeconds);
  return encodeCbor(map);
}

/**
 * Throws `license-malformed`; `license-version-unsupported` when version or mode are
 * integers of another format.
 */
export function decodeTerms(bytes: Uint8Array): LicenseTerms {
  const value = readItem(bytes, 'license-malformed');
  if (!(value instanceof Map)) throw new Fault('license-malformed');
  const [version, mode] = [value.get(0), value.get(6)];
  if (typeof version === 'number' && version !== 1)
    throw new Fault('license-version-unsupported', { version });
  if (typeof mode === 'number' && mode !== 1 && mode !== 2)
    throw new Fault('license-version-unsupported', { mode });
  if (mode === 1) {
    const shape = readValue(value, 'license-malformed', 'terms', (v, what) => readMap(v, sessionShape, what));
    const { formatVersion, modeNumber, ...terms } = shape;
    return { ...terms, mode: 'session' };
  }
  const shape = readValue(value, 'license-malformed', 'terms', (v, what) => readMap(v, standingShape, what));
  const { formatVersion, modeNumber, ...terms } = shape;
  return { ...terms, mode: 'standing' };
}
