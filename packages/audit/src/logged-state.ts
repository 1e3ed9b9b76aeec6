// What the log says, followed from its first entry: which jobs, units, licenses and receipts there must be.
// The audit holds the tables against it. Entries that contradict what went before are reported, not followed.

import { noJob } from '@firmseal/approval';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { type DecodedLogEntry, emptyHead } from '@firmseal/ledger';
import { rolloutPlace } from '@firmseal/license';
import { entriesOfStation } from '@firmseal/station';
import { type HashSeed, hashSeed, hashSeedSizeBytes, KeyedRows } from './keyed-rows.ts';
import { LoggedIdentities } from './logged-identities.ts';
import { idSizeBytes, LoggedJob, type LoggedMoment } from './logged-job.ts';
import { LoggedSites } from './logged-sites.ts';
import { addNew, Fields, jobSteps, must, mustBeOpenTo, toleranceMs } from './logged-steps.ts';

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

/** Beyond this an earlier time is no matter of two requests that overtook each other. */
const clockToleranceMs = 60_000;

export class LoggedState {
  readonly jobs = new Map<string, LoggedJob>();
  readonly alarms = new Map<number, LoggedAlarm>();
  readonly identities: LoggedIdentities;
  /** Whose chips the authority certified. */
  readonly sites = new LoggedSites();
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

  readonly #seed: HashSeed;
  /** The same as `jobs`, for every entry that names one. */
  readonly #jobRows: KeyedRows;
  readonly #jobList: LoggedJob[] = [];

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
    this.#seed = hashSeed(crypto.randomBytes(hashSeedSizeBytes));
    this.#jobRows = new KeyedRows(this.#seed, idSizeBytes);
    this.identities = new LoggedIdentities(this.#seed);
  }

  /**
   * Follows one entry, which is undefined where it could not be decoded; `head`: of the log with it. What
   * cannot be followed is a contradiction, never thrown.
   */
  add(sequence: number, entry: DecodedLogEntry | undefined, head: Bytes): void {
    try {
      must(entry !== undefined, 'it has another form');
      this.#follow(entry);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.contradictions.push({ sequence, detail });
    }
    this.#head = head;
  }

  /** The unit of a license of this job; undefined when the log told of no such license. */
  unitOf(job: Uint8Array, license: Uint8Array): number | undefined {
    const { licenses } = this.#jobOf(job) ?? {};
    const row = licenses?.rows.find(license) ?? -1;
    return row < 0 ? undefined : licenses!.unitAt(row);
  }

  #jobOf(id: Uint8Array): LoggedJob | undefined {
    return this.#jobList[this.#jobRows.find(id)];
  }

  #follow({ sequence, timeMs, kind, fields: raw }: DecodedLogEntry): void {
    const fields = new Fields(raw);
    this.#followClock(sequence, timeMs);
    const step = Object.hasOwn(this.#steps, kind) ? this.#steps[kind] : undefined;
    if (step !== undefined) {
      step(fields, { sequence, timeMs, restored: this.#restored });
      return;
    }
    const jobStep = Object.hasOwn(jobSteps, kind) ? jobSteps[kind] : undefined;
    if (jobStep === undefined) throw new Error(`an entry of unknown kind ${kind}`);
    if (kind === 'approval-stored' && equalBytes(fields.bytes('job'), noJob)) {
      const entry = { sequence, timeMs, met: false };
      addNew(this.recoveryApprovals, fields.hex('approval'), entry, 'an approval');
      return;
    }
    const job = this.#jobOf(fields.bytes('job'));
    must(job !== undefined, 'an entry of a job that was not opened');
    if (job.order.mode === 'update' && (kind === 'unit-taken' || kind === 'unit-retaken'))
      mustBeOpenTo(job, rolloutPlace(this.#crypto, fields.bytes('job'), fields.bytes('thumbprint')), timeMs);
    if (kind === 'license-issued') {
      const isStopped = this.#stops.size > 0;
      if (isStopped) this.#mustNotBeStopped('product', job.order.product, { timeMs });
      if (isStopped) this.#mustNotBeStopped('device', fields.hex('thumbprint'), { timeMs });
      const station = isStopped ? fields.optionalText('station') : undefined;
      for (const name of station === undefined ? [] : entriesOfStation(station))
        this.#mustNotBeStopped('station', name, { timeMs });
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
      const products = new Set([...this.jobs.values()].map((job) => job.order.product));
      const restore = first ?? { sequence, size, known, head: this.#head, products, statements: [] };
      if (first === undefined) this.restores.push(restore);
      const statement = fields.optionalBytes('statement');
      if (statement !== undefined) restore.statements.push(statement);
      this.#restored = sequence;
      for (const job of this.jobs.values()) if (job.state === 'approved') job.state = 'open';
    },
    'identity-stored': (fields) => {
      const [product, thumbprint] = [fields.text('product'), fields.digest('thumbprint')];
      const isNew = this.identities.add(fields.digest('record'), { product, thumbprint });
      must(isNew, 'a record of an identity a second time');
    },
    'recovery-stated': (fields, at) => {
      const [device, counter] = [fields.hex('thumbprint'), fields.number('counter')];
      const unwraps = fields.number('unwraps');
      this.recoveries.push({ ...at, product: fields.text('product'), device, counter, unwraps });
    },
    'site-cap-set': (fields, at) => this.sites.setCap(fields, at),
    'device-certified': (fields, at) => {
      const asked = { timeMs: at.timeMs, thing: 'a certificate' };
      this.#mustNotBeStopped('product', fields.text('product'), asked);
      this.#mustNotBeStopped('device', fields.hex('thumbprint'), asked);
      const [site, station] = [fields.text('site'), fields.text('station')];
      for (const name of new Set([site, `${site}/*`, ...entriesOfStation(station)]))
        this.#mustNotBeStopped('station', name, asked);
      this.sites.certify(fields, at);
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

  #mustNotBeStopped(
    what: 'product' | 'device' | 'station',
    name: string,
    { timeMs, thing = 'a license' }: { timeMs: number; thing?: string },
  ): void {
    const since = this.#stops.get(`${what} ${name}`);
    const isUnderWay = since !== undefined && timeMs - since < toleranceMs;
    must(since === undefined || isUnderWay, `${thing} for ${what} ${name}, which was stopped`);
  }

  #openJob(fields: Fields): void {
    const ledger = fields.optionalBytes('ledger');
    const job = new LoggedJob(this.#seed, {
      product: fields.text('product'),
      quota: fields.number('quota'),
      mode: fields.text('mode'),
      accepts: fields.text('accepts'),
      until: fields.optionalNumber('until'),
      ledger: ledger && toHex(ledger),
      stations: fields.optionalText('stations'),
    });
    job.packages.set(fields.hex('manifest'), false);
    must(this.#jobRows.add(fields.id('job')) >= 0, 'a job a second time');
    this.#jobList.push(job);
    this.jobs.set(fields.hex('job'), job);
  }

  #followClock(sequence: number, timeMs: number): void {
    const backMs = this.#latestMs - timeMs;
    if (backMs > clockToleranceMs) this.clockSteps.push({ sequence, backMs });
    // From there on the new time counts: a clock that was put right once is one step.
    this.#latestMs = backMs > clockToleranceMs ? timeMs : Math.max(this.#latestMs, timeMs);
  }
}
