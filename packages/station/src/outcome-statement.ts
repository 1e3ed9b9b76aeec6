// What a station says that came of a unit: spec/station.md section 5. The station's word, not the chip's:
// it is never a receipt, and nothing that reads receipts takes it.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  arrayOf,
  boolean,
  type CborInput,
  type CoseSigner,
  encodeCbor,
  field,
  nullable,
  oneOf,
  signCoseWith,
  textString,
} from '@firmseal/cbor-cose';
import { type Chip, findChip, isSilentAt } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  count,
  digestOf,
  encodeOptionValues,
  type OptionValue,
  openSigned,
  optionValues,
  type ReadoutLevel,
  readObject,
  readoutLevels,
  type SignedKind,
  shortText,
  verifySigned,
  word,
} from '@firmseal/formats';
import { askedReadoutLevel, type Manifest } from '@firmseal/seal';
import type { VerifiedStation } from './station-delegation.ts';

const malformed = 'outcome-malformed';

const outcomeKind: SignedKind = {
  typ: 'application/firmseal-outcome',
  payloadMaxBytes: 1152,
  malformed,
  invalid: 'outcome-signature-invalid',
};

/** What a station can say, none of it proven by a chip. */
export const stationResults = ['DONE-UNPROVEN', 'FAILED', 'UNKNOWN'] as const;
export type StationResult = (typeof stationResults)[number];

/** `station`: opened and written by the station. `vendor-installer`: ST's installer wrote it. */
const methods = ['station', 'vendor-installer'] as const;
export type StationMethod = (typeof methods)[number];

/** What the chip's memory did at the end: let itself be read, refused, or nobody answered any more. */
const accessStates = ['open', 'refused', 'silent'] as const;
export type AccessState = (typeof accessStates)[number];

/** Protection as the station found it after it was set. */
export interface ProtectionFound {
  readonly access: AccessState;
  /** Undefined where the option bytes could not be read. */
  readonly readoutLevel?: ReadoutLevel;
  readonly optionBytes: readonly OptionValue[];
}

export interface OutcomeStatement {
  readonly jobId: Bytes;
  readonly unitIndex: number;
  readonly holder: Bytes;
  readonly chipId: string;
  readonly method: StationMethod;
  /** Of the station's delegation. */
  readonly stationDigest: Bytes;
  readonly result: StationResult;
  /** Code of the fault, or of the cause; undefined for DONE-UNPROVEN. */
  readonly cause?: string;
  /** Of the license that was opened; absent with ST's installer. */
  readonly licenseDigest?: Bytes;
  /** That of the license; with ST's installer the nonce of the request, filled with zeros to 32 bytes. */
  readonly nonce: Bytes;
  /** Of the package; with ST's installer SHA-256 of the image file. */
  readonly contentDigest: Bytes;
  /** Keyed digest of each area as read back from the chip, in order; empty where nothing was read back. */
  readonly areaDigests: readonly Bytes[];
  /** Undefined where it was never looked at. */
  readonly protection?: ProtectionFound;
  /** Whether this very run saw the chip from its first look to its last. */
  readonly uninterrupted: boolean;
  /** By the station's clock, seconds since 1970. */
  readonly atSeconds: number;
}

export interface VerifiedOutcome extends OutcomeStatement {
  readonly digest: Bytes;
}

const cause = textString(1, 64, /^[a-z0-9-]*$/);

const shape = {
  formatVersion: field(0, oneOf(1)),
  jobId: field(1, bytes16),
  unitIndex: field(2, count),
  holder: field(3, bytes32),
  chipId: field(4, shortText),
  methodNumber: field(5, oneOf(1, 2)),
  stationDigest: field(6, bytes32),
  resultNumber: field(7, oneOf(1, 2, 3)),
  cause: field(8, nullable(cause)),
  licenseDigest: field(9, nullable(bytes32)),
  nonce: field(10, bytes32),
  contentDigest: field(11, bytes32),
  areaDigests: field(12, arrayOf(bytes32, 0, 8)),
  accessNumber: field(13, nullable(oneOf(1, 2, 3))),
  readoutLevel: field(14, nullable(oneOf(...readoutLevels))),
  optionBytes: field(15, optionValues),
  uninterrupted: field(16, boolean),
  atSeconds: field(17, word),
};

function readPayload(payload: Uint8Array): OutcomeStatement {
  const found = readObject(payload, malformed, 'outcome', shape);
  const { formatVersion, methodNumber, resultNumber, accessNumber, readoutLevel, optionBytes, ...rest } =
    found;
  const { cause: why, licenseDigest, ...fields } = rest;
  const method = methods[methodNumber - 1]!;
  const result = stationResults[resultNumber - 1]!;
  const isDone = result === 'DONE-UNPROVEN';
  const looked = accessNumber !== null;
  const unlooked = readoutLevel === null && optionBytes.length === 0;
  const fits =
    (why === null) === isDone &&
    (licenseDigest === null) === (method === 'vendor-installer') &&
    (looked || unlooked);
  if (!fits) throw new Fault(malformed);
  return {
    ...{ ...fields, method, result },
    ...(why === null ? {} : { cause: why }),
    ...(licenseDigest === null ? {} : { licenseDigest }),
    ...(looked && {
      protection: {
        access: accessStates[accessNumber - 1]!,
        ...(readoutLevel === null ? {} : { readoutLevel }),
        optionBytes,
      },
    }),
  };
}

/** The encoded object. Rejects with `outcome-malformed` for one that no reader would take. */
export async function makeOutcome(
  crypto: Crypto,
  station: CoseSigner,
  statement: OutcomeStatement,
): Promise<Bytes> {
  const { protection } = statement;
  const payload = encodeCbor(
    new Map<number, CborInput>([
      [0, 1],
      [1, statement.jobId],
      [2, statement.unitIndex],
      [3, statement.holder],
      [4, statement.chipId],
      [5, methods.indexOf(statement.method) + 1],
      [6, statement.stationDigest],
      [7, stationResults.indexOf(statement.result) + 1],
      [8, statement.cause ?? null],
      [9, statement.licenseDigest ?? null],
      [10, statement.nonce],
      [11, statement.contentDigest],
      [12, [...statement.areaDigests]],
      [13, protection === undefined ? null : accessStates.indexOf(protection.access) + 1],
      [14, protection?.readoutLevel ?? null],
      [15, encodeOptionValues(protection?.optionBytes ?? [])],
      [16, statement.uninterrupted],
      [17, statement.atSeconds],
    ]),
  );
  readPayload(payload);
  return signCoseWith(crypto, { signer: station, typ: outcomeKind.typ, payload });
}

/** Shape alone, for display: nothing in it can be believed. Throws `outcome-malformed`. */
export function readOutcomeUnverified(bytes: Uint8Array): OutcomeStatement {
  return readPayload(openSigned(bytes, outcomeKind).payload);
}

/** Section 5, steps 1 to 3. Throws `outcome-malformed`, `outcome-signature-invalid`, `outcome-wrong`. */
export function verifyOutcome(crypto: Crypto, bytes: Uint8Array, station: VerifiedStation): VerifiedOutcome {
  const object = verifySigned(crypto, bytes, { kind: outcomeKind, publicKey: station.publicKey });
  const statement = readPayload(object.payload);
  if (!equalBytes(statement.stationDigest, station.digest))
    throw new Fault('outcome-wrong', { what: 'station' });
  return { ...statement, digest: digestOf(crypto, object) };
}

/**
 * The level that the package asks of a chip without agent. What the catalogue asks for its tier went into the
 * package when it was sealed, unless its owner wanted another one.
 */
export function stationProtection(chip: Chip, core: Manifest['core']): ReadoutLevel {
  return Math.max(core.leastReadoutLevel, askedReadoutLevel(chip, core.optionBytes) ?? 0) as ReadoutLevel;
}

/** Whether what was found is what was asked: silence counts where the level silences the chip. */
export function isProtectionAsFound(
  chip: Chip,
  asked: ReadoutLevel,
  found: ProtectionFound | undefined,
): boolean {
  if (asked === 0) return true;
  if (found === undefined || found.access === 'open') return false;
  if (found.access === 'silent') return isSilentAt(chip, asked);
  return asked === 1 || found.readoutLevel === 2;
}

/** The package whose install a station's statement tells, and the digests of the data in its license. */
export interface StatedInstall {
  readonly manifest: Manifest;
  readonly license: {
    readonly digest: Uint8Array;
    readonly outcomeNonce: Uint8Array;
    readonly deviceDataDigests: readonly Uint8Array[];
  };
}

/** The digest that each area must have once it is read back. */
export function areaDigestsAsked({ manifest, license }: StatedInstall): Uint8Array[] {
  let data = 0;
  return manifest.core.areas.map(({ kind }, ordinal) =>
    kind === 'device-data' ? license.deviceDataDigests[data++]! : manifest.areaDigests[ordinal]!,
  );
}

/**
 * Steps 4 and 5: the statement is for this license and package, and one that says DONE-UNPROVEN says that all
 * of the package was read back and the protection asked for was found. Throws `outcome-wrong`,
 * `chip-unknown`.
 */
export function checkOutcome(statement: OutcomeStatement, install: StatedInstall): void {
  const { manifest, license } = install;
  const must = (what: string, holds: boolean) => {
    if (!holds) throw new Fault('outcome-wrong', { what });
  };
  must('license', equalBytes(statement.licenseDigest ?? new Uint8Array(0), license.digest));
  must('nonce', equalBytes(statement.nonce, license.outcomeNonce));
  must('package', equalBytes(statement.contentDigest, manifest.digest));
  if (statement.result !== 'DONE-UNPROVEN') return;
  const asked = areaDigestsAsked(install);
  const { areaDigests } = statement;
  const isAll =
    areaDigests.length === asked.length && areaDigests.every((one, i) => equalBytes(one, asked[i]!));
  must('content that was read back', isAll);
  const chip: Chip = findChip(statement.chipId);
  must('protection', isProtectionAsFound(chip, stationProtection(chip, manifest.core), statement.protection));
}
