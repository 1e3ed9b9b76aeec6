// The audit of units that were given to stations: who asked for them, what each was licensed for, and what
// the station said of it. Nothing here is proof by a chip, and none of it counts as installed.

import type { EvidenceOf } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { Manifest } from '@firmseal/seal';
import {
  type AccessState,
  checkOutcome,
  checkStationDate,
  type OutcomeFile,
  requireListedStation,
  type StationMethod,
  type StationResult,
  type VerifiedOutcome,
  type VerifiedRequest,
  type VerifiedStation,
  type VerifiedStationLicense,
  verifyOutcome,
  verifyStation,
  verifyStationLicense,
  verifyStationRequest,
} from '@firmseal/station';
import { demand } from './demand.ts';
import type { AuditTrust } from './trust.ts';

/** What a station says that came of a unit, by a statement that verified. Its word, not the chip's. */
export interface AuditedOutcome {
  readonly job: string;
  readonly unitIndex: number;
  readonly holder: string;
  readonly chip: string;
  readonly station: string;
  readonly method: StationMethod;
  readonly result: StationResult;
  readonly cause?: string;
  /** Of the package, or SHA-256 of the image of ST's installer. */
  readonly contentDigest: string;
  /** Of the package. */
  readonly firmwareVersion?: string;
  readonly outcomeDigest: string;
  readonly storedAtMs: number;
  readonly access?: AccessState;
  readonly readoutLevel?: number;
}

export interface StationJob {
  readonly row: EvidenceOf<'job'>;
  readonly name: string;
  readonly manifestOf: (digest: string) => { manifest: Manifest; header: Bytes } | undefined;
}

/** One unit while its lines come in. */
export class StationUnit {
  readonly #crypto: Crypto;
  readonly #trust: AuditTrust;
  readonly #job: StationJob;
  readonly #row: EvidenceOf<'unit'>;
  readonly #requests: { station: VerifiedStation; request: VerifiedRequest }[] = [];
  readonly #licenses = new Map<string, { license: VerifiedStationLicense; bundle: Bytes }>();
  /** The newest statement. */
  stated: { audited: AuditedOutcome; file: OutcomeFile } | undefined;

  constructor(crypto: Crypto, trust: AuditTrust, unit: { job: StationJob; row: EvidenceOf<'unit'> }) {
    this.#crypto = crypto;
    this.#trust = trust;
    this.#job = unit.job;
    this.#row = unit.row;
  }

  /** Whether a request that verified vouches for the chip. */
  get isAsked(): boolean {
    return this.#requests.length > 0;
  }

  /** Throws for anything that does not hold. */
  addRequest(row: EvidenceOf<'request'>): void {
    const { mode, accepts } = this.#job.row;
    demand(row.unitIndex === this.#row.unitIndex, 'it does not follow its unit');
    demand(mode === 'station' || accepts.includes('DONE-UNPROVEN'), 'its job takes nothing of stations');
    const station = this.#station(row.delegation);
    checkStationDate(station, row.admittedAtMs);
    const { job: jobId, stations } = this.#job.row;
    requireListedStation({ jobId, ...(stations ? { stations } : {}) }, station.name);
    const request = verifyStationRequest(this.#crypto, row.request, { station, jobId: this.#job.row.job });
    demand(equalBytes(request.digest, row.requestDigest), 'the row has another digest than the request');
    demand(equalBytes(request.holder, this.#row.thumbprint), 'it is for another chip than the unit');
    demand(request.purpose === 'unit' || mode === 'station', 'its job gives no licenses to stations');
    this.#requests.push({ station, request });
  }

  #station(delegation: Bytes): VerifiedStation {
    const { rootPublicKey, product } = this.#trust;
    return verifyStation(this.#crypto, delegation, { rootPublicKey, product });
  }

  addLicense(row: EvidenceOf<'license'>): void {
    const { rootPublicKey, product } = this.#trust;
    const inputs = { bundle: row.bundle, rootPublicKey, product, epoch: 0 };
    const license = verifyStationLicense(this.#crypto, inputs);
    const { terms, digest } = license;
    const same = (name: string, a: Uint8Array, b: Uint8Array) =>
      demand(equalBytes(a, b), `the signed ${name} is another one than the row's`);
    same('digest', digest, row.licenseDigest);
    same('license id', terms.licenseId, row.licenseId);
    same('job', terms.jobId, this.#job.row.job);
    same('chip', terms.holder, row.thumbprint);
    same('chip', terms.holder, this.#row.thumbprint);
    same('manifest', terms.manifestDigest, row.manifestDigest);
    demand(terms.unitIndex === row.unitIndex, 'the signed unit is another one than the row tells');
    const asked = this.#requests.find(({ request }) => equalBytes(request.digest, terms.requestDigest));
    demand(asked !== undefined, 'no request of a station asked for it');
    demand(asked.request.chipId === terms.chipId, 'it is for another kind of chip than was asked for');
    this.#licenses.set(toHex(digest), { license, bundle: row.bundle });
  }

  addOutcome(row: EvidenceOf<'outcome'>): void {
    const station = this.#station(row.delegation);
    const statement = verifyOutcome(this.#crypto, row.statement, station);
    demand(equalBytes(statement.digest, row.outcomeDigest), 'the row has another digest than the statement');
    demand(statement.result === row.result, `the row says ${row.result}, the statement ${statement.result}`);
    demand(equalBytes(statement.jobId, this.#job.row.job), 'it is of another job');
    const isUnit =
      statement.unitIndex === this.#row.unitIndex && equalBytes(statement.holder, this.#row.thumbprint);
    demand(isUnit, 'it is of another unit');
    const held = this.#checkGiven(station, statement);
    this.stated = {
      audited: this.#outcomeOf(row, { station, statement, held }),
      file: {
        ...{ delegation: row.delegation, statement: row.statement },
        ...(held ? { package: { header: held.header, bundle: held.bundle } } : {}),
      },
    };
  }

  /** The license and package of the statement; undefined with ST's installer. */
  #checkGiven(station: VerifiedStation, statement: VerifiedOutcome) {
    const own = this.#requests.filter(
      (one) => equalBytes(one.station.digest, station.digest) && one.request.chipId === statement.chipId,
    );
    if (statement.method === 'vendor-installer') {
      demand(
        own.some(({ request }) => request.purpose === 'unit'),
        'its station did not ask for the unit',
      );
      return undefined;
    }
    const found = this.#licenses.get(toHex(statement.licenseDigest!));
    demand(found !== undefined, 'there is no valid license for it');
    const { terms, digest } = found.license;
    demand(
      own.some(({ request }) => equalBytes(request.digest, terms.requestDigest)),
      'its license was given to another station',
    );
    const item = this.#job.manifestOf(toHex(terms.manifestDigest));
    demand(item !== undefined, 'its package did not verify');
    const { manifest, header } = item;
    const { outcomeNonce, deviceDataDigests } = terms;
    checkOutcome(statement, { manifest, license: { digest, outcomeNonce, deviceDataDigests } });
    return { manifest, header, bundle: found.bundle };
  }

  #outcomeOf(
    row: EvidenceOf<'outcome'>,
    said: {
      station: VerifiedStation;
      statement: VerifiedOutcome;
      held: { manifest: Manifest } | undefined;
    },
  ): AuditedOutcome {
    const { station, statement, held } = said;
    const { chipId, method, result, cause, protection } = statement;
    return {
      ...{ job: this.#job.name, unitIndex: this.#row.unitIndex, holder: toHex(statement.holder) },
      ...{ chip: chipId, station: station.name, method, result },
      ...(cause === undefined ? {} : { cause }),
      contentDigest: toHex(statement.contentDigest),
      ...(held ? { firmwareVersion: held.manifest.core.firmwareVersion } : {}),
      ...{ outcomeDigest: toHex(statement.digest), storedAtMs: row.storedAtMs },
      ...(protection ? { access: protection.access } : {}),
      ...(protection?.readoutLevel === undefined ? {} : { readoutLevel: protection.readoutLevel }),
    };
  }
}
