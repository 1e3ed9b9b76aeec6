// What the log says, followed from its first entry: which jobs, units, licenses and receipts there must be.
// The audit holds the tables against it. Entries that contradict what went before are reported, not followed.

import { noJob } from '@firmseal/approval';
import { type Bytes, concatBytes, fromHex, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { decodeLogEntry, emptyHead, type LogFields, type LogRow } from '@firmseal/ledger';
import { isInShare, rolloutPlace } from '@firmseal/license';
import { entriesOfStation, isOnStationList } from '@firmseal/station';

export interface LoggedJob {
  readonly product: string;
  readonly quota: number;
  readonly mode: string;
  /** Outcomes that the owner takes besides PASS, separated by spaces. */
  readonly accepts: string;
  state: 'open' | 'approved' | 'closed';
  /** Manifest digests, hexadecimal, in the order in which they came; true when approved. */
  readonly packages: Map<string, boolean>;
  /** Thumbprint to unit index. */
  readonly units: Map<string, number>;
  /** Indexes of units that are voided. */
  readonly voided: Set<number>;
  /** License id to what was logged of it. */
  readonly licenses: Map<string, LoggedLicense>;
  /** Receipt digest to license id, outcome and when it was stored. */
  readonly receipts: Map<string, { license: string; outcome: string; timeMs: number }>;
  /** Digest of a station's request to the unit that it was given. */
  readonly requests: Map<string, { unit: number }>;
  /** Digest of a station's statement to unit, result and when it was stored. */
  readonly outcomes: Map<string, { unit: number; result: string; timeMs: number }>;
  /** Digest of an approval to the sequence of its entry. */
  readonly approvals: Map<string, { sequence: number; timeMs: number }>;
  /** What approvers have to have signed before: voids, and the close. */
  readonly signed: LoggedAct[];
  /** Digests of certificates of its end. */
  readonly ends: Map<string, LoggedEnd>;
  /** Of mode update: how far it is opened now, and how far it was before. */
  rollout: LoggedRollout;
  /** No license after it, milliseconds since 1970. */
  readonly until: number | undefined;
  /** SHA-256 of what the ledger is asked for, hexadecimal. */
  readonly ledger: string | undefined;
  /** Stations and sites that alone may take licenses, separated by spaces. */
  readonly stations: string | undefined;
}

/** Counts at the time of an entry. */
interface LoggedEnd {
  readonly units: number;
  readonly voided: number;
  readonly licenses: number;
  readonly installed: number;
}

/** Where an entry stands, and after which restore: approvals from before it count no more. */
export interface LoggedMoment {
  readonly sequence: number;
  readonly timeMs: number;
  /** Sequence of the last restore before it; -1 when nothing was restored. */
  readonly restored: number;
}

export interface LoggedAct extends LoggedMoment {
  readonly act:
    | { readonly kind: 'void'; readonly unit: number; readonly reason: string }
    | { readonly kind: 'close' }
    | { readonly kind: 'acknowledgement'; readonly alarm: number; readonly note: string };
}

interface LoggedRollout {
  readonly percent: number;
  readonly halted: boolean;
  readonly sinceMs: number;
  readonly before?: LoggedRollout;
}

export interface LoggedLicense extends LoggedMoment {
  readonly digest: string;
  readonly thumbprint: string;
  readonly unit: number;
  readonly manifest: string;
}

/** An older database was put back, and the authority went on from it. */
export interface LoggedRestore {
  readonly sequence: number;
  /** Entries that were left. */
  readonly size: number;
  readonly head: Bytes;
  /** Entries that had been written, as far as the authority knew. */
  readonly known: number;
  /** Of the jobs that there were. */
  readonly products: ReadonlySet<string>;
  /** What roots signed of it. */
  readonly statements: Bytes[];
}

export interface LoggedAlarm {
  readonly sequence: number;
  readonly reason: string;
  readonly license: string;
  readonly thumbprint: string;
  acknowledged: boolean;
}

export interface LoggedRecovery extends LoggedMoment {
  readonly product: string;
  /** Thumbprint. */
  readonly device: string;
  readonly counter: number;
  readonly unwraps: number;
}

/** Stands for the job of an approval that is of no job. */
const noJobName = toHex(noJob);

class Fields {
  readonly #fields: LogFields;

  constructor(fields: LogFields) {
    this.#fields = fields;
  }

  hex(name: string): string {
    const value = this.#fields[name];
    if (!(value instanceof Uint8Array)) throw new Error(`${name} is missing`);
    return toHex(value);
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

  bytes(name: string): Bytes {
    return fromHex(this.hex(name));
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

function must(condition: boolean, detail: string): asserts condition {
  if (!condition) throw new Error(detail);
}

function addNew<V>(map: Map<string, V>, key: string, value: V, what: string): void {
  must(!map.has(key), `${what} a second time`);
  map.set(key, value);
}

/** A request that was under way when the owner changed a rollout, or stopped something, is let through. */
const toleranceMs = 10_000;

function setRollout(job: LoggedJob, fields: Fields, { timeMs }: LoggedMoment): void {
  must(job.mode === 'update', 'a rollout of a job that is no update');
  const { before: _, ...before } = job.rollout;
  const [percent, halted] = [fields.number('percent'), fields.flag('halted')];
  job.rollout = { percent, halted, sinceMs: timeMs, before };
}

const isOpenTo = ({ percent, halted }: LoggedRollout, place: number): boolean =>
  !halted && isInShare(place, percent);

function mustBeOpenTo(job: LoggedJob, place: number, timeMs: number): void {
  const { before, sinceMs } = job.rollout;
  const wasOpen = before !== undefined && timeMs - sinceMs < toleranceMs && isOpenTo(before, place);
  must(wasOpen || isOpenTo(job.rollout, place), 'a unit of a device that the update was not open to');
}

function failUpdate(job: LoggedJob, fields: Fields): void {
  must(fields.number('unit') < job.units.size, 'a failure of a unit that was not taken');
}

function takeUnit(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(job.state === 'approved', 'a unit of a job that is not approved');
  must(unit === job.units.size, `unit ${unit} where ${job.units.size} was next`);
  mustHaveRoom(job);
  addNew(job.units, fields.hex('thumbprint'), unit, 'a unit for the same chip');
}

/** Voided units do not count. */
function mustHaveRoom(job: LoggedJob): void {
  const counted = job.units.size - job.voided.size;
  must(counted < job.quota, `one unit more than the quota of ${job.quota}`);
}

function voidUnit(job: LoggedJob, fields: Fields, at: LoggedMoment): void {
  const unit = fields.number('unit');
  must(unit < job.units.size, 'a void of a unit that was not taken');
  must(!job.voided.has(unit), 'a unit voided a second time');
  job.voided.add(unit);
  job.signed.push({ ...at, act: { kind: 'void', unit, reason: fields.text('reason') } });
}

function retakeUnit(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(job.units.get(fields.hex('thumbprint')) === unit, 'a unit taken again by another chip');
  must(job.voided.has(unit), 'a unit taken again that was not voided');
  mustHaveRoom(job);
  job.voided.delete(unit);
}

/** The word of the authority, as far as no delegation says it (station-audit.ts). */
function mustBeListed({ stations }: LoggedJob, station: string | undefined): void {
  const isListed = station !== undefined && isOnStationList((stations ?? '').split(' '), station);
  must(
    stations === undefined || isListed,
    `a license for station ${station ?? 'without a name'}, which the job does not list`,
  );
}

function issueLicense(job: LoggedJob, fields: Fields, at: LoggedMoment): void {
  const [thumbprint, unit] = [fields.hex('thumbprint'), fields.number('unit')];
  const [digest, manifest] = [fields.hex('digest'), fields.hex('manifest')];
  must(job.state === 'approved', 'a license of a job that is not approved');
  must(job.units.get(thumbprint) === unit, 'a license without its unit');
  must(job.packages.get(manifest) === true, 'a license for a package that is not approved');
  must(job.until === undefined || at.timeMs <= job.until + toleranceMs, 'a license after the end of its job');
  mustBeListed(job, fields.optionalText('station'));
  const license = { digest, thumbprint, unit, manifest, ...at };
  addNew(job.licenses, fields.hex('license'), license, 'a license id');
}

function storeReceipt(job: LoggedJob, fields: Fields, { timeMs }: LoggedMoment): void {
  const [license, outcome] = [fields.hex('license'), fields.text('outcome')];
  must(job.licenses.has(license), 'a receipt without its license');
  addNew(job.receipts, fields.hex('receipt'), { license, outcome, timeMs }, 'a receipt');
}

function admitStation(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(job.state === 'approved', 'a unit given to a station under a job that is not approved');
  must(unit < job.units.size, 'a unit given to a station that was not taken');
  addNew(job.requests, fields.hex('request'), { unit }, 'a request of a station');
}

function storeOutcome(job: LoggedJob, fields: Fields, { timeMs }: LoggedMoment): void {
  const [unit, result] = [fields.number('unit'), fields.text('result')];
  must(unit < job.units.size, 'a statement of a unit that was not taken');
  addNew(job.outcomes, fields.hex('outcome'), { unit, result, timeMs }, 'a statement of a station');
}

/** Units with a receipt, by the license of each. */
const installedOf = ({ receipts, licenses }: LoggedJob): number =>
  new Set([...receipts.values()].map(({ license }) => licenses.get(license)?.unit)).size;

function closeJob(job: LoggedJob, _: Fields, at: LoggedMoment): void {
  must(job.state !== 'closed', 'a job closed a second time');
  job.state = 'closed';
  job.signed.push({ ...at, act: { kind: 'close' } });
}

/** As the certificate counts: receipts may have come between the close and it. */
function certifyEnd(job: LoggedJob, fields: Fields): void {
  must(job.state === 'closed', 'the end of a job that is not closed');
  const voided = job.voided.size;
  const counts = { units: job.units.size - voided, voided, licenses: job.licenses.size };
  addNew(job.ends, fields.hex('end'), { ...counts, installed: installedOf(job) }, 'the end of a job');
}

const jobSteps: Record<string, (job: LoggedJob, fields: Fields, at: LoggedMoment) => void> = {
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
    const left = job.quota - job.units.size + job.voided.size;
    must(fields.number('remaining') === left, 'another number of units than are left');
  },
  'license-issued': issueLicense,
  'rollout-set': setRollout,
  'update-failed': failUpdate,
  'receipt-stored': storeReceipt,
  'station-admitted': admitStation,
  'outcome-stored': storeOutcome,
};

/** Beyond this an earlier time is no matter of two requests that overtook each other. */
const clockToleranceMs = 60_000;

export class LoggedState {
  readonly jobs = new Map<string, LoggedJob>();
  readonly alarms = new Map<number, LoggedAlarm>();
  /** Digest of a record to what it is about, and whether the evidence has shown it. */
  readonly identities = new Map<string, { readonly text: string; met: boolean }>();
  /** Entries that no authority would have written after the ones before them. */
  readonly contradictions: { sequence: number; detail: string }[] = [];
  /** Statements of recovery: each lets one chip make a new journal. */
  readonly recoveries: LoggedRecovery[] = [];
  /** Digest of an approval that is of no job, and whether the evidence has shown it. */
  readonly recoveryApprovals = new Map<string, { sequence: number; timeMs: number; met: boolean }>();
  readonly restores: LoggedRestore[] = [];
  /** How far, at which entry, the times of the log go back. */
  readonly clockSteps: { sequence: number; backMs: number }[] = [];
  readonly #crypto: Crypto;
  /** What is stopped, since when. */
  readonly #stops = new Map<string, number>();
  #latestMs = 0;
  /** Before the entry that is followed. */
  #head: Bytes = emptyHead;
  #restored = -1;
  readonly #jobOfAlarm = new Map<number, string>();

  /**
   * Forgets, once the log was followed to its end, all rows but those of these units: the audit then expects
   * no others. Quotas and orders of entries were held against the whole log before.
   */
  keepUnits(isKept: (job: string, unit: number) => boolean): void {
    for (const [name, job] of this.jobs) {
      const drop = <K, V>(map: Map<K, V>, unitOf: (value: V) => number | undefined) => {
        for (const [key, value] of map) {
          const unit = unitOf(value);
          if (unit === undefined || !isKept(name, unit)) map.delete(key);
        }
      };
      drop(job.receipts, ({ license }) => job.licenses.get(license)?.unit);
      drop(job.licenses, ({ unit }) => unit);
      drop(job.requests, ({ unit }) => unit);
      drop(job.outcomes, ({ unit }) => unit);
      drop(job.units, (unit) => unit);
    }
  }

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /** Follows one row; what cannot be followed is a contradiction, never thrown. */
  add(row: LogRow): void {
    try {
      this.#follow(row);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.contradictions.push({ sequence: row.sequence, detail });
    }
    this.#head = row.head;
  }

  #follow(row: LogRow): void {
    const { sequence, timeMs, kind, fields: raw } = decodeLogEntry(row.entry, row.sequence);
    const fields = new Fields(raw);
    this.#followClock(sequence, timeMs);
    const step = this.#steps[kind];
    if (step !== undefined) {
      step(fields, { sequence, timeMs, restored: this.#restored });
      return;
    }
    const jobStep = jobSteps[kind];
    must(jobStep !== undefined, `an entry of unknown kind ${kind}`);
    if (kind === 'approval-stored' && fields.hex('job') === noJobName) {
      const entry = { sequence, timeMs, met: false };
      addNew(this.recoveryApprovals, fields.hex('approval'), entry, 'an approval');
      return;
    }
    const job = this.jobs.get(fields.hex('job'));
    must(job !== undefined, 'an entry of a job that was not opened');
    if (job.mode === 'update' && (kind === 'unit-taken' || kind === 'unit-retaken'))
      mustBeOpenTo(job, rolloutPlace(this.#crypto, fields.bytes('job'), fields.bytes('thumbprint')), timeMs);
    if (kind === 'license-issued') {
      this.#mustNotBeStopped(`product ${job.product}`, timeMs);
      this.#mustNotBeStopped(`device ${fields.hex('thumbprint')}`, timeMs);
      const station = fields.optionalText('station');
      for (const name of station === undefined ? [] : entriesOfStation(station))
        this.#mustNotBeStopped(`station ${name}`, timeMs);
    }
    jobStep(job, fields, { sequence, timeMs, restored: this.#restored });
  }

  readonly #steps: Readonly<Record<string, (fields: Fields, at: LoggedMoment) => void>> = {
    'job-opened': (fields) => this.#openJob(fields),
    alarm: (fields, { sequence }) => {
      const [reason, license] = [fields.text('reason'), fields.hex('license')];
      const thumbprint = fields.hex('thumbprint');
      this.alarms.set(sequence, { sequence, reason, license, thumbprint, acknowledged: false });
      this.#jobOfAlarm.set(sequence, fields.hex('job'));
    },
    'alarm-acknowledged': (fields, at) => {
      const number = fields.number('alarm');
      const alarm = this.alarms.get(number);
      must(alarm !== undefined, 'an acknowledgement without its alarm');
      alarm.acknowledged = true;
      const act = { kind: 'acknowledgement' as const, alarm: number, note: fields.text('note') };
      this.jobs.get(this.#jobOfAlarm.get(number)!)?.signed.push({ ...at, act });
    },
    'database-restored': (fields, { sequence }) => {
      const [size, known] = [fields.number('size'), fields.number('known')];
      const previous = this.restores.at(-1);
      // One entry for each product, all on the head from which the log went on.
      const first = previous?.size === size && this.#restored === sequence - 1 ? previous : undefined;
      must(first !== undefined || size === sequence, 'a restore of another length of the log');
      const products = new Set([...this.jobs.values()].map((job) => job.product));
      const restore = first ?? { sequence, size, known, head: this.#head, products, statements: [] };
      if (first === undefined) this.restores.push(restore);
      const statement = fields.optionalBytes('statement');
      if (statement !== undefined) restore.statements.push(statement);
      this.#restored = sequence;
      for (const job of this.jobs.values()) if (job.state === 'approved') job.state = 'open';
    },
    'identity-stored': (fields) => {
      const text = `${fields.text('product')}, device ${fields.hex('thumbprint')}`;
      addNew(this.identities, fields.hex('record'), { text, met: false }, 'a record of an identity');
    },
    'recovery-stated': (fields, at) => {
      const [device, counter] = [fields.hex('thumbprint'), fields.number('counter')];
      const unwraps = fields.number('unwraps');
      this.recoveries.push({ ...at, product: fields.text('product'), device, counter, unwraps });
    },
    'stop-set': (fields, { timeMs }) => {
      const name = `${fields.text('what')} ${fields.text('name')}`;
      addNew(this.#stops, name, timeMs, 'a stop');
    },
    'stop-lifted': (fields) => {
      const isLifted = this.#stops.delete(`${fields.text('what')} ${fields.text('name')}`);
      must(isLifted, 'the end of a stop that was not set');
    },
    'keys-rewrapped': () => undefined,
    'webhook-added': () => undefined,
    'webhook-removed': () => undefined,
    'token-created': () => undefined,
    'token-revoked': () => undefined,
  };

  #mustNotBeStopped(name: string, timeMs: number): void {
    const since = this.#stops.get(name);
    const isUnderWay = since !== undefined && timeMs - since < toleranceMs;
    must(since === undefined || isUnderWay, `a license for ${name}, which was stopped`);
  }

  #openJob(fields: Fields): void {
    const ledger = fields.optionalBytes('ledger');
    const job: LoggedJob = {
      product: fields.text('product'),
      quota: fields.number('quota'),
      mode: fields.text('mode'),
      accepts: fields.text('accepts'),
      state: 'open',
      packages: new Map([[fields.hex('manifest'), false]]),
      units: new Map(),
      voided: new Set(),
      licenses: new Map(),
      receipts: new Map(),
      requests: new Map(),
      outcomes: new Map(),
      approvals: new Map(),
      signed: [],
      ends: new Map(),
      rollout: { percent: 0, halted: false, sinceMs: 0 },
      until: fields.optionalNumber('until'),
      ledger: ledger && toHex(ledger),
      stations: fields.optionalText('stations'),
    };
    addNew(this.jobs, fields.hex('job'), job, 'a job');
  }

  #followClock(sequence: number, timeMs: number): void {
    const backMs = this.#latestMs - timeMs;
    if (backMs > clockToleranceMs) this.clockSteps.push({ sequence, backMs });
    // From there on the new time counts: a clock that was put right once is one step.
    this.#latestMs = backMs > clockToleranceMs ? timeMs : Math.max(this.#latestMs, timeMs);
  }
}
