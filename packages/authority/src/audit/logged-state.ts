// What the log says, replayed from its first entry: which jobs, units, licenses and receipts there must be.
// The audit holds the tables against it. Entries that contradict what went before are reported, not followed.

import { toHex } from '@firmseal/bytes';
import { decodeLogEntry, type LogFields, type LogRow } from '../log/entry.ts';

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
  /** License id to what was logged of it. */
  readonly licenses: Map<string, { digest: string; thumbprint: string; unit: number; manifest: string }>;
  /** Receipt digest to license id and outcome. */
  readonly receipts: Map<string, { license: string; outcome: string }>;
}

export interface LoggedState {
  readonly jobs: Map<string, LoggedJob>;
  readonly alarms: { sequence: number; reason: string; license: string }[];
  /** Entries that no authority would have written after the ones before them. */
  readonly contradictions: { sequence: number; detail: string }[];
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
  must(unit < job.quota, `unit ${unit} of a quota of ${job.quota}`);
  addNew(job.units, fields.hex('thumbprint'), unit, 'a unit for the same chip');
}

function issueLicense(job: LoggedJob, fields: Fields): void {
  const [thumbprint, unit] = [fields.hex('thumbprint'), fields.number('unit')];
  const [digest, manifest] = [fields.hex('digest'), fields.hex('manifest')];
  must(job.state === 'approved', 'a license of a job that is not approved');
  must(job.units.get(thumbprint) === unit, 'a license without its unit');
  must(job.packages.get(manifest) === true, 'a license for a package that is not approved');
  addNew(job.licenses, fields.hex('license'), { digest, thumbprint, unit, manifest }, 'a license id');
}

function storeReceipt(job: LoggedJob, fields: Fields): void {
  const [license, outcome] = [fields.hex('license'), fields.text('outcome')];
  must(job.licenses.has(license), 'a receipt without its license');
  addNew(job.receipts, fields.hex('receipt'), { license, outcome }, 'a receipt');
}

const jobSteps: Record<string, (job: LoggedJob, fields: Fields) => void> = {
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
  'license-issued': issueLicense,
  'receipt-stored': storeReceipt,
};

function openJob(state: LoggedState, fields: Fields): void {
  const job: LoggedJob = {
    product: fields.text('product'),
    quota: fields.number('quota'),
    mode: fields.text('mode'),
    accepts: fields.text('accepts'),
    state: 'open',
    packages: new Map([[fields.hex('manifest'), false]]),
    units: new Map(),
    licenses: new Map(),
    receipts: new Map(),
  };
  addNew(state.jobs, fields.hex('job'), job, 'a job');
}

function replayEntry(state: LoggedState, row: LogRow): void {
  const { sequence, kind, fields: raw } = decodeLogEntry(row.entry, row.sequence);
  const fields = new Fields(raw);
  if (kind === 'job-opened') {
    openJob(state, fields);
    return;
  }
  if (kind === 'alarm') {
    state.alarms.push({ sequence, reason: fields.text('reason'), license: fields.hex('license') });
    return;
  }
  if (kind === 'token-created' || kind === 'token-revoked') return;
  const step = jobSteps[kind];
  must(step !== undefined, `an entry of unknown kind ${kind}`);
  const job = state.jobs.get(fields.hex('job'));
  must(job !== undefined, 'an entry of a job that was not opened');
  step(job, fields);
}

/** Replays the rows in the order given. Never throws: what cannot be followed is a contradiction. */
export function replayLog(rows: readonly LogRow[]): LoggedState {
  const state: LoggedState = { jobs: new Map(), alarms: [], contradictions: [] };
  for (const row of rows) {
    try {
      replayEntry(state, row);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      state.contradictions.push({ sequence: row.sequence, detail });
    }
  }
  return state;
}
