// Evidence from the opened entries of a ledger: the rows that its entries and their objects tell of, in the
// order in which the audit reads them, unit by unit. A unit's entries lie apart in the log, so that an index
// by unit is kept while the log is read, and the files are read again at their places.

import { noJob } from '@firmseal/approval';
import { type EvidenceLine, encodeEvidenceLine } from '@firmseal/authority-contract';
import { fromHex, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  decodeLogEntry,
  type LedgerFiles,
  type LogFields,
  type OpenedEntry,
  openedPath,
  readOpened,
  tileWidth,
  widthOf,
} from '@firmseal/ledger';
import type { LoggedJob, LoggedState } from './logged-state.ts';

const noJobName = toHex(noJob);

type Json = Readonly<Record<string, unknown>>;

/** Opened files that are held decoded. */
const filesKept = 32;

/** Opened entries by their sequence; the last files are kept. */
export class OpenedReader {
  readonly #files: LedgerFiles;
  readonly #size: number;
  readonly #kept = new Map<number, readonly OpenedEntry[]>(); // oldest first

  constructor(files: LedgerFiles, size: number) {
    this.#files = files;
    this.#size = size;
  }

  /** Throws `ledger-file-missing`, `ledger-entry-wrong`. */
  async read(sequence: number): Promise<OpenedEntry> {
    const number = Math.floor(sequence / tileWidth);
    let entries = this.#kept.get(number);
    if (entries === undefined) {
      const path = openedPath(number);
      const bytes = await this.#files.read(path);
      if (bytes === undefined) throw new Fault('ledger-file-missing', { file: path });
      entries = [...readOpened(bytes, widthOf(this.#size, 0, number), path)];
      if (this.#kept.size >= filesKept) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(number, entries);
    }
    return entries[sequence % tileWidth]!;
  }
}

interface JobIndex {
  openedAt: number;
  /** Manifest digest to sequence. */
  readonly packages: Map<string, number>;
  /** Sequences of approvals and of certificates of the end. */
  readonly signed: number[];
  /** Sequences of each unit, ascending. */
  readonly units: number[][];
}

/** Which entries tell of which job and unit. */
export class LedgerIndex {
  readonly jobs = new Map<string, JobIndex>();
  readonly identities: number[] = [];
  /** Approvals of recoveries, which are of no job. */
  readonly recoveryApprovals: number[] = [];
  /** License id to unit, for receipts, which name no unit. */
  readonly #units = new Map<string, number>();

  /** An entry that cannot be followed is left out here; the audit of the log names it. */
  add(sequence: number, opened: OpenedEntry): void {
    try {
      const { kind, fields } = decodeLogEntry(opened.entry, sequence);
      this.#add(sequence, kind, fields);
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
    }
  }

  #add(sequence: number, kind: string, fields: LogFields): void {
    if (kind === 'identity-stored') this.identities.push(sequence);
    const job = hexOf(fields, 'job');
    if (job === undefined) return;
    if (kind === 'approval-stored' && job === noJobName) this.recoveryApprovals.push(sequence);
    if (kind === 'job-opened' && !this.jobs.has(job))
      this.jobs.set(job, { openedAt: sequence, packages: new Map(), signed: [], units: [] });
    const index = this.jobs.get(job);
    if (index === undefined) return;
    const manifest = hexOf(fields, 'manifest');
    if ((kind === 'job-opened' || kind === 'package-added') && manifest !== undefined)
      index.packages.set(manifest, sequence);
    if (kind === 'approval-stored' || kind === 'job-certified') index.signed.push(sequence);
    const license = hexOf(fields, 'license');
    const unit = fields['unit'] ?? (license === undefined ? undefined : this.#units.get(license));
    if (kind === 'license-issued' && license !== undefined && typeof unit === 'number')
      this.#units.set(license, unit);
    if (typeof unit !== 'number' || !Number.isSafeInteger(unit) || unit < 0 || unit > index.units.length)
      return;
    const of = index.units[unit];
    if (of === undefined) index.units.push([sequence]);
    else of.push(sequence);
  }
}

const hexOf = (fields: LogFields, name: string): string | undefined => {
  const value = fields[name];
  return value instanceof Uint8Array ? toHex(value) : undefined;
};

export interface RowsOptions {
  readonly reader: OpenedReader;
  readonly index: LedgerIndex;
  readonly logged: LoggedState;
  /** Units that are wanted; `last`: sequence of the newest entry of the unit. */
  readonly isWanted: (job: string, unit: number, last: number) => boolean;
  /** Told before each unit. */
  readonly onUnit: (job: string, unit: number) => void;
  /** An entry whose objects are missing or of another form. */
  readonly report: (sequence: number, detail: string) => void;
}

/** Lines of evidence behind those of the log. */
export async function* rowsOfLedger(options: RowsOptions): AsyncGenerator<string> {
  const { reader, index, logged, report } = options;
  const line = (sequence: number, value: Json): string[] => {
    try {
      return [encodeEvidenceLine(value as EvidenceLine)];
    } catch {
      report(sequence, 'its objects are missing or have another form');
      return [];
    }
  };
  for (const sequence of index.identities) {
    const { entry, objects } = await reader.read(sequence);
    const { timeMs, fields } = decodeLogEntry(entry, sequence);
    const { product, thumbprint, record: recordDigest } = fields;
    const row = { kind: 'identity', product, thumbprint, recordDigest, record: objects['record'] };
    yield* line(sequence, { ...row, storedAtMs: timeMs });
  }
  yield* await signedRows({ reader, line, job: noJobName }, index.recoveryApprovals);
  for (const [job, jobIndex] of index.jobs) {
    const state = logged.jobs.get(job);
    if (state === undefined) continue; // a contradiction of the log, which was reported
    const { openedAt, packages, signed, units } = jobIndex;
    const { entry, objects } = await reader.read(openedAt);
    const { timeMs: createdAtMs } = decodeLogEntry(entry, openedAt);
    const { ledgerPolicy } = objects;
    yield* line(openedAt, { ...jobRow(job, state, createdAtMs), ...(ledgerPolicy ? { ledgerPolicy } : {}) });
    for (const [manifest, sequence] of packages) {
      const { objects } = await reader.read(sequence);
      const approved = state.packages.get(manifest) === true;
      const row = { kind: 'package', job: fromHex(job), manifestDigest: fromHex(manifest), approved };
      const { header, firmwareVersion, securityCounter } = objects;
      yield* line(sequence, { ...row, header, firmwareVersion, securityCounter });
    }
    yield* await signedRows({ reader, line, job }, signed);
    for (const [unit, sequences] of units.entries()) {
      if (!options.isWanted(job, unit, sequences.at(-1)!)) continue;
      options.onUnit(job, unit);
      yield* await unitRows({ reader, line, job, state, unit }, sequences);
    }
  }
}

const jobRow = (job: string, state: LoggedJob, createdAtMs: number): Json => ({
  ...{ kind: 'job', job: fromHex(job), product: state.product, quota: state.quota, mode: state.mode },
  accepts: state.accepts === '' ? [] : state.accepts.split(' '),
  ...{ state: state.state, createdAtMs },
  ...(state.until === undefined ? {} : { validUntilMs: state.until }),
  ...(state.stations === undefined ? {} : { stations: state.stations.split(' ') }),
});

/** What approvers signed, and the certificate of the end. */
async function signedRows(
  { reader, line, job }: Omit<UnitContext, 'state' | 'unit'>,
  sequences: readonly number[],
): Promise<string[]> {
  const rows: string[] = [];
  for (const sequence of sequences) {
    const { entry, objects } = await reader.read(sequence);
    const { timeMs, kind, fields } = decodeLogEntry(entry, sequence);
    const row =
      kind === 'approval-stored'
        ? { kind: 'approval', approvalDigest: fields['approval'], storedAtMs: timeMs }
        : { kind: 'ending', endDigest: fields['end'] };
    rows.push(...line(sequence, { ...row, job: fromHex(job), ...objects }));
  }
  return rows;
}

interface ReadEntry {
  readonly sequence: number;
  readonly timeMs: number;
  readonly kind: string;
  readonly fields: LogFields;
  readonly objects: OpenedEntry['objects'];
}

/** In this order the audit reads what a unit has. */
const order = ['unit', 'request', 'license', 'receipt', 'outcome'];

/** What the entry and its objects say, without job; undefined for an entry that has no row of its own. */
function rowOf({ kind, fields, objects, timeMs }: ReadEntry, unit: number, mode: string): Json | undefined {
  const { thumbprint, digest, manifest } = fields;
  switch (kind) {
    case 'unit-taken':
      return {
        ...{ kind: 'unit', unitIndex: unit, thumbprint, takenAtMs: timeMs },
        ...{ firstSeenAtMs: timeMs, ...objects },
      };
    case 'station-admitted':
      return {
        kind: 'request',
        unitIndex: unit,
        requestDigest: fields['request'],
        admittedAtMs: timeMs,
        ...objects,
      };
    case 'license-issued':
      return {
        ...{ kind: 'license', unitIndex: unit, licenseId: fields['license'], thumbprint },
        ...{ manifestDigest: manifest, licenseDigest: digest, issuedAtMs: timeMs, mode, ...objects },
      };
    case 'receipt-stored':
      return {
        ...{ kind: 'receipt', licenseId: fields['license'], receiptDigest: fields['receipt'] },
        ...{ fresh: fields['fresh'], outcome: fields['outcome'], storedAtMs: timeMs, ...objects },
      };
    case 'outcome-stored':
      return {
        ...{ kind: 'outcome', unitIndex: unit, outcomeDigest: fields['outcome'], result: fields['result'] },
        ...{ storedAtMs: timeMs, ...objects },
      };
    default:
      return undefined;
  }
}

interface UnitContext {
  readonly reader: OpenedReader;
  readonly line: (sequence: number, value: Json) => string[];
  readonly job: string;
  readonly state: LoggedJob;
  readonly unit: number;
}

async function unitRows(context: UnitContext, sequences: readonly number[]): Promise<string[]> {
  const { reader, line, job, state, unit } = context;
  const entries: ReadEntry[] = [];
  for (const sequence of sequences) {
    const { entry, objects } = await reader.read(sequence);
    const { timeMs, kind, fields } = decodeLogEntry(entry, sequence);
    entries.push({ sequence, timeMs, kind, fields, objects });
  }
  const voided = entries.findLast(({ kind }) => kind === 'unit-voided');
  const isVoided = voided !== undefined && state.voided.has(unit);
  const rows = entries.flatMap((entry) => {
    const row = rowOf(entry, unit, state.mode);
    if (row === undefined) return [];
    const more = row['kind'] === 'unit' && isVoided ? { voidedAtMs: voided.timeMs } : {};
    return [{ sequence: entry.sequence, row: { ...row, ...more, job: fromHex(job) } as Json }];
  });
  return order.flatMap((kind) =>
    rows.filter(({ row }) => row['kind'] === kind).flatMap(({ sequence, row }) => line(sequence, row)),
  );
}
