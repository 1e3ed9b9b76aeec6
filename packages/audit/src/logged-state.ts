// What the log says, followed from its first entry: which jobs, units, licenses and receipts there must be.
// The audit holds the tables against it. Entries that contradict what went before are reported, not followed.

import { toHex } from '@firmseal/bytes';
import { decodeLogEntry, type LogFields, type LogRow } from '@firmseal/ledger';

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
  readonly licenses: Map<string, { digest: string; thumbprint: string; unit: number; manifest: string }>;
  /** Receipt digest to license id, outcome and when it was stored. */
  readonly receipts: Map<string, { license: string; outcome: string; timeMs: number }>;
  /** Digest of a station's request to the unit that it was given. */
  readonly requests: Map<string, { unit: number }>;
  /** Digest of a station's statement to unit, result and when it was stored. */
  readonly outcomes: Map<string, { unit: number; result: string; timeMs: number }>;
}

export interface LoggedAlarm {
  readonly sequence: number;
  readonly reason: string;
  readonly license: string;
  acknowledged: boolean;
}

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

function voidUnit(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(unit < job.units.size, 'a void of a unit that was not taken');
  must(!job.voided.has(unit), 'a unit voided a second time');
  job.voided.add(unit);
}

function retakeUnit(job: LoggedJob, fields: Fields): void {
  const unit = fields.number('unit');
  must(job.units.get(fields.hex('thumbprint')) === unit, 'a unit taken again by another chip');
  must(job.voided.has(unit), 'a unit taken again that was not voided');
  mustHaveRoom(job);
  job.voided.delete(unit);
}

function issueLicense(job: LoggedJob, fields: Fields): void {
  const [thumbprint, unit] = [fields.hex('thumbprint'), fields.number('unit')];
  const [digest, manifest] = [fields.hex('digest'), fields.hex('manifest')];
  must(job.state === 'approved', 'a license of a job that is not approved');
  must(job.units.get(thumbprint) === unit, 'a license without its unit');
  must(job.packages.get(manifest) === true, 'a license for a package that is not approved');
  addNew(job.licenses, fields.hex('license'), { digest, thumbprint, unit, manifest }, 'a license id');
}

function storeReceipt(job: LoggedJob, fields: Fields, timeMs: number): void {
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

function storeOutcome(job: LoggedJob, fields: Fields, timeMs: number): void {
  const [unit, result] = [fields.number('unit'), fields.text('result')];
  must(unit < job.units.size, 'a statement of a unit that was not taken');
  addNew(job.outcomes, fields.hex('outcome'), { unit, result, timeMs }, 'a statement of a station');
}

const jobSteps: Record<string, (job: LoggedJob, fields: Fields, timeMs: number) => void> = {
  'package-added': (job, fields) => addNew(job.packages, fields.hex('manifest'), false, 'a package'),
  'job-approved': (job) => {
    must(job.state !== 'closed', 'an approval of a closed job');
    job.state = 'approved';
    for (const digest of job.packages.keys()) job.packages.set(digest, true);
  },
  'job-closed': (job) => {
    must(job.state !== 'closed', 'a job closed a second time');
    job.state = 'closed';
  },
  'unit-taken': takeUnit,
  'unit-voided': voidUnit,
  'unit-retaken': retakeUnit,
  'license-issued': issueLicense,
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
  /** Statements with which chips were to make their journal anew. */
  readonly recoveries: { sequence: number; product: string; device: string; counter: number }[] = [];
  /** Entries where an older database was put back. */
  readonly restores: { sequence: number; size: number }[] = [];
  /** How far, at which entry, the times of the log go back. */
  readonly clockSteps: { sequence: number; backMs: number }[] = [];
  #latestMs = 0;

  /** Follows one row; what cannot be followed is a contradiction, never thrown. */
  add(row: LogRow): void {
    try {
      this.#follow(row);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.contradictions.push({ sequence: row.sequence, detail });
    }
  }

  #follow(row: LogRow): void {
    const { sequence, timeMs, kind, fields: raw } = decodeLogEntry(row.entry, row.sequence);
    const fields = new Fields(raw);
    this.#followClock(sequence, timeMs);
    const step = this.#steps[kind];
    if (step !== undefined) {
      step(fields, sequence);
      return;
    }
    const jobStep = jobSteps[kind];
    must(jobStep !== undefined, `an entry of unknown kind ${kind}`);
    const job = this.jobs.get(fields.hex('job'));
    must(job !== undefined, 'an entry of a job that was not opened');
    jobStep(job, fields, timeMs);
  }

  readonly #steps: Readonly<Record<string, (fields: Fields, sequence: number) => void>> = {
    'job-opened': (fields) => this.#openJob(fields),
    alarm: (fields, sequence) => {
      const [reason, license] = [fields.text('reason'), fields.hex('license')];
      this.alarms.set(sequence, { sequence, reason, license, acknowledged: false });
    },
    'alarm-acknowledged': (fields) => {
      const alarm = this.alarms.get(fields.number('alarm'));
      must(alarm !== undefined, 'an acknowledgement without its alarm');
      alarm.acknowledged = true;
    },
    'database-restored': (fields, sequence) => {
      this.restores.push({ sequence, size: fields.number('known') });
      for (const job of this.jobs.values()) if (job.state === 'approved') job.state = 'open';
    },
    'identity-stored': (fields) => {
      const text = `${fields.text('product')}, device ${fields.hex('thumbprint')}`;
      addNew(this.identities, fields.hex('record'), { text, met: false }, 'a record of an identity');
    },
    'recovery-stated': (fields, sequence) => {
      const [device, counter] = [fields.hex('thumbprint'), fields.number('counter')];
      this.recoveries.push({ sequence, product: fields.text('product'), device, counter });
    },
    'token-created': () => undefined,
    'token-revoked': () => undefined,
  };

  #openJob(fields: Fields): void {
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
