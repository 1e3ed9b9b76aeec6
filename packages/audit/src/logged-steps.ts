// What each kind of entry does to the job that it tells of, and when no authority would have written it. What
// may not be is thrown as a sentence; the job is then as it was.

import { type Bytes, concatBytes, toHex } from '@firmseal/bytes';
import type { LogFields } from '@firmseal/ledger';
import { isInShare, weaknesses } from '@firmseal/license';
import { isOnStationList, stationResults } from '@firmseal/station';
import {
  digestSizeBytes,
  idSizeBytes,
  type LoggedJob,
  type LoggedMoment,
  type LoggedRollout,
} from './logged-job.ts';

/** Fields of an entry as they are due. Throws where one is missing or has another form. */
export class Fields {
  readonly #fields: LogFields;

  constructor(fields: LogFields) {
    this.#fields = fields;
  }

  bytes(name: string): Bytes {
    const value = this.#fields[name];
    if (!(value instanceof Uint8Array)) throw new Error(`${name} is missing`);
    return value as Bytes;
  }

  /** 16 bytes. */
  id(name: string): Bytes {
    return this.#sized(name, idSizeBytes);
  }

  /** 32 bytes. */
  digest(name: string): Bytes {
    return this.#sized(name, digestSizeBytes);
  }

  #sized(name: string, sizeBytes: number): Bytes {
    const value = this.bytes(name);
    if (value.length !== sizeBytes)
      throw new Error(`${name} has ${value.length} bytes where ${sizeBytes} are due`);
    return value;
  }

  hex(name: string): string {
    return toHex(this.bytes(name));
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw new Error(`${name} is missing`);
    return value;
  }

  optionalBytes(name: string): Bytes | undefined {
    const value = this.#fields[name];
    return value instanceof Uint8Array ? concatBytes(value) : undefined;
  }

  optionalText(name: string): string | undefined {
    return name in this.#fields ? this.text(name) : undefined;
  }

  optionalNumber(name: string): number | undefined {
    return name in this.#fields ? this.number(name) : undefined;
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== 'boolean') throw new Error(`${name} is missing`);
    return value;
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number') throw new Error(`${name} is missing`);
    return value;
  }
}

export function must(condition: boolean, detail: string): asserts condition {
  if (!condition) throw new Error(detail);
}

export function addNew<V>(map: Map<string, V>, key: string, value: V, what: string): void {
  must(!map.has(key), `${what} a second time`);
  map.set(key, value);
}

/** A request that was under way when the owner changed a rollout, or stopped something, is let through. */
export const toleranceMs = 10_000;

function setRollout(job: LoggedJob, fields: Fields, { timeMs }: LoggedMoment): void {
  must(job.order.mode === 'update', 'a rollout of a job that is no update');
  const { before: _, ...before } = job.rollout;
  const [percent, halted] = [fields.number('percent'), fields.flag('halted')];
  job.rollout = { percent, halted, sinceMs: timeMs, before };
}

const isOpenTo = ({ percent, halted }: LoggedRollout, place: number): boolean =>
  !halted && isInShare(place, percent);

export function mustBeOpenTo(job: LoggedJob, place: number, timeMs: number): void {
  const { before, sinceMs } = job.rollout;
  const wasOpen = before !== undefined && timeMs - sinceMs < toleranceMs && isOpenTo(before, place);
  must(wasOpen || isOpenTo(job.rollout, place), 'a unit of a device that the update was not open to');
}

function takeUnit(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(job.state === 'approved', 'a unit of a job that is not approved');
  // Sentences are put together only where they are thrown: this runs a million times.
  if (unit !== job.units.size) throw new Error(`unit ${unit} where ${job.units.size} was next`);
  mustHaveRoom(job);
  must(job.units.add(fields.digest('thumbprint')) >= 0, 'a unit for the same chip a second time');
}

/** Voided units do not count. */
function mustHaveRoom(job: LoggedJob): void {
  const { quota } = job.order;
  if (job.units.size - job.voided.size >= quota) throw new Error(`one unit more than the quota of ${quota}`);
}

/** A unit that was taken. */
function takenUnit(job: LoggedJob, fields: Fields, what: string): number {
  const unit = fields.number('unit');
  must(Number.isSafeInteger(unit) && unit >= 0 && unit < job.units.size, `${what} that was not taken`);
  return unit;
}

function voidUnit(job: LoggedJob, fields: Fields, at: LoggedMoment): void {
  const unit = takenUnit(job, fields, 'a void of a unit');
  must(!job.voided.has(unit), 'a unit voided a second time');
  const reason = fields.text('reason');
  job.voided.add(unit);
  job.signed.push({ ...at, act: { kind: 'void', unit, reason } });
}

function retakeUnit(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(job.units.find(fields.bytes('thumbprint')) === unit, 'a unit taken again by another chip');
  must(job.voided.has(unit), 'a unit taken again that was not voided');
  mustHaveRoom(job);
  job.voided.delete(unit);
}

/** The word of the authority, as far as no delegation says it (station-audit.ts). */
function mustBeListed({ order: { stations } }: LoggedJob, station: string | undefined): void {
  const isListed = station !== undefined && isOnStationList((stations ?? '').split(' '), station);
  must(
    stations === undefined || isListed,
    `a license for station ${station ?? 'without a name'}, which the job does not list`,
  );
}

function issueLicense(job: LoggedJob, fields: Fields, at: LoggedMoment): void {
  const unit = fields.number('unit');
  const [digest, manifest] = [fields.digest('digest'), fields.digest('manifest')];
  must(job.state === 'approved', 'a license of a job that is not approved');
  must(unit >= 0 && job.units.find(fields.bytes('thumbprint')) === unit, 'a license without its unit');
  must(job.isApproved(manifest), 'a license for a package that is not approved');
  const { until } = job.order;
  must(until === undefined || at.timeMs <= until + toleranceMs, 'a license after the end of its job');
  mustBeListed(job, fields.optionalText('station'));
  const isNew = job.licenses.add(fields.id('license'), { digest, unit, manifest, ...at });
  must(isNew, 'a license id a second time');
}

const knownOutcomes: readonly string[] = ['PASS', ...weaknesses];

function storeReceipt(job: LoggedJob, fields: Fields, { timeMs }: LoggedMoment): void {
  const [about, word] = [job.licenses.rows.find(fields.bytes('license')), fields.text('outcome')];
  must(about >= 0, 'a receipt without its license');
  must(knownOutcomes.includes(word), 'a receipt with an unknown outcome');
  must(job.receipts.add(fields.digest('receipt'), { about, word, timeMs }), 'a receipt a second time');
}

function admitStation(job: LoggedJob, fields: Fields): void {
  must(job.state === 'approved', 'a unit given to a station under a job that is not approved');
  const unit = takenUnit(job, fields, 'a unit given to a station');
  must(job.requests.add(fields.digest('request'), unit), 'a request of a station a second time');
}

function storeOutcome(job: LoggedJob, fields: Fields, { timeMs }: LoggedMoment): void {
  const word = fields.text('result');
  const about = takenUnit(job, fields, 'a statement of a unit');
  must((stationResults as readonly string[]).includes(word), 'a statement with an unknown result');
  const isNew = job.outcomes.add(fields.digest('outcome'), { about, word, timeMs });
  must(isNew, 'a statement of a station a second time');
}

function closeJob(job: LoggedJob, _: Fields, at: LoggedMoment): void {
  must(job.state !== 'closed', 'a job closed a second time');
  job.state = 'closed';
  job.signed.push({ ...at, act: { kind: 'close' } });
}

/** As the certificate counts: receipts may have come between the close and it. */
function certifyEnd(job: LoggedJob, fields: Fields): void {
  must(job.state === 'closed', 'the end of a job that is not closed');
  const voided = job.voided.size;
  const counts = { units: job.units.size - voided, voided, licenses: job.licenses.rows.size };
  addNew(job.ends, fields.hex('end'), { ...counts, installed: job.installed }, 'the end of a job');
}

export const jobSteps: Record<string, (job: LoggedJob, fields: Fields, at: LoggedMoment) => void> = {
  'package-added': (job, fields) => addNew(job.packages, fields.hex('manifest'), false, 'a package'),
  'job-approved': (job) => {
    must(job.state !== 'closed', 'an approval of a closed job');
    job.state = 'approved';
    for (const digest of job.packages.keys()) job.packages.set(digest, true);
  },
  'job-closed': closeJob,
  'job-certified': certifyEnd,
  'approval-stored': (job, fields, { sequence, timeMs }) =>
    addNew(job.approvals, fields.hex('approval'), { sequence, timeMs }, 'an approval'),
  'unit-taken': takeUnit,
  'unit-voided': voidUnit,
  'unit-retaken': retakeUnit,
  'units-few': (job, fields) => {
    const left = job.order.quota - job.units.size + job.voided.size;
    must(fields.number('remaining') === left, 'another number of units than are left');
  },
  'license-issued': issueLicense,
  'rollout-set': setRollout,
  'update-failed': (job, fields) => {
    takenUnit(job, fields, 'a failure of a unit');
  },
  'receipt-stored': storeReceipt,
  'station-admitted': admitStation,
  'outcome-stored': storeOutcome,
};
