// Evidence from the opened entries of a ledger: the rows that its entries and their objects tell of, in the
// order in which the audit reads them, unit by unit.

import { checkEvidenceLine, type EvidenceLine } from '@firmseal/authority-contract';
import { fromHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { decodeLogEntry, type LogFields, type OpenedEntry } from '@firmseal/ledger';
import { type LedgerIndex, noJobName, type OpenedReader } from './ledger-index.ts';
import type { LoggedJob } from './logged-job.ts';
import type { LoggedState } from './logged-state.ts';

type Json = Readonly<Record<string, unknown>>;

export interface RowsOptions {
  readonly reader: OpenedReader;
  readonly index: LedgerIndex;
  readonly logged: LoggedState;
  /** Units that are wanted; `last`: sequence of the newest entry of the unit. */
  readonly isWanted: (job: string, unit: number, last: number) => boolean;
  /** Told before each unit. Waited for. */
  readonly onUnit: (job: string, unit: number) => Promise<void>;
  /** An entry whose objects are missing or of another form. */
  readonly report: (sequence: number, detail: string) => void;
}

/** Lines of evidence that come after those of the log. */
export async function* rowsOfLedger(options: RowsOptions): AsyncGenerator<EvidenceLine> {
  const { index, logged } = options;
  const entries = new ReadEntries(options);
  for (const sequence of index.identities) yield* await entries.identityRow(sequence);
  yield* await entries.signedRows(noJobName, index.recoveryApprovals);
  for (const [job, jobIndex] of index.jobs) {
    const state = logged.jobs.get(job);
    if (state === undefined) continue; // a contradiction of the log, which was reported
    yield* await entries.jobRow(job, state, jobIndex.openedAt);
    for (const [manifest, sequence] of jobIndex.packages)
      yield* await entries.packageRow({ job, manifest, sequence }, state);
    yield* await entries.signedRows(job, jobIndex.signed);
    for (let unit = 0; unit < jobIndex.unitCount; unit++) {
      if (!options.isWanted(job, unit, jobIndex.lastOf(unit))) continue;
      await options.onUnit(job, unit);
      yield* await entries.unitRows({ job, state, unit }, index.entriesOf(jobIndex, unit));
    }
  }
}

interface ReadEntry {
  readonly sequence: number;
  readonly timeMs: number;
  readonly kind: string;
  readonly fields: LogFields;
  readonly objects: OpenedEntry['objects'];
}

/** Entries read at their places, as rows. An entry that has not the form of a row is reported instead. */
class ReadEntries {
  readonly #reader: OpenedReader;
  readonly #report: RowsOptions['report'];

  constructor({ reader, report }: Pick<RowsOptions, 'reader' | 'report'>) {
    this.#reader = reader;
    this.#report = report;
  }

  #line(sequence: number, value: Json): EvidenceLine[] {
    try {
      return [checkEvidenceLine(value)];
    } catch {
      this.#report(sequence, 'its objects are missing or have another form');
      return [];
    }
  }

  /** Undefined for one of another form, which is reported. */
  async #read(sequence: number): Promise<ReadEntry | undefined> {
    try {
      const { entry, objects } = await this.#reader.read(sequence);
      const { timeMs, kind, fields } = decodeLogEntry(entry, sequence);
      return { sequence, timeMs, kind, fields, objects };
    } catch (cause) {
      const isOfEntry =
        cause instanceof Fault && ['ledger-entry-wrong', 'log-entry-malformed'].includes(cause.code);
      if (!isOfEntry) throw cause;
      this.#report(sequence, cause.message);
      return undefined;
    }
  }

  async identityRow(sequence: number): Promise<EvidenceLine[]> {
    const read = await this.#read(sequence);
    if (read === undefined) return [];
    const { product, thumbprint, record: recordDigest } = read.fields;
    const row = { kind: 'identity', product, thumbprint, recordDigest, record: read.objects['record'] };
    return this.#line(sequence, { ...row, storedAtMs: read.timeMs });
  }

  async jobRow(job: string, { order, state }: LoggedJob, sequence: number): Promise<EvidenceLine[]> {
    const read = await this.#read(sequence);
    if (read === undefined) return [];
    const { ledgerPolicy } = read.objects;
    return this.#line(sequence, {
      ...{ kind: 'job', job: fromHex(job), product: order.product, quota: order.quota, mode: order.mode },
      accepts: order.accepts === '' ? [] : order.accepts.split(' '),
      ...{ state, createdAtMs: read.timeMs },
      ...(order.until === undefined ? {} : { validUntilMs: order.until }),
      ...(order.stations === undefined ? {} : { stations: order.stations.split(' ') }),
      ...(ledgerPolicy ? { ledgerPolicy } : {}),
    });
  }

  async packageRow(
    of: { job: string; manifest: string; sequence: number },
    { packages }: LoggedJob,
  ): Promise<EvidenceLine[]> {
    const { job, manifest, sequence } = of;
    const read = await this.#read(sequence);
    if (read === undefined) return [];
    const { header, firmwareVersion, securityCounter } = read.objects;
    const approved = packages.get(manifest) === true;
    const row = { kind: 'package', job: fromHex(job), manifestDigest: fromHex(manifest), approved };
    return this.#line(sequence, { ...row, header, firmwareVersion, securityCounter });
  }

  /** What approvers signed, and the certificate of the end. */
  async signedRows(job: string, sequences: readonly number[]): Promise<EvidenceLine[]> {
    const rows: EvidenceLine[] = [];
    for (const sequence of sequences) {
      const read = await this.#read(sequence);
      if (read === undefined) continue;
      const { timeMs, kind, fields, objects } = read;
      const row =
        kind === 'approval-stored'
          ? { kind: 'approval', approvalDigest: fields['approval'], storedAtMs: timeMs }
          : { kind: 'ending', endDigest: fields['end'] };
      rows.push(...this.#line(sequence, { ...objects, ...row, job: fromHex(job) }));
    }
    return rows;
  }

  async unitRows(
    of: { job: string; state: LoggedJob; unit: number },
    sequences: readonly number[],
  ): Promise<EvidenceLine[]> {
    const { state, unit } = of;
    const entries: ReadEntry[] = [];
    for (const sequence of sequences) {
      const read = await this.#read(sequence);
      if (read !== undefined) entries.push(read);
    }
    const voided = entries.findLast(({ kind }) => kind === 'unit-voided');
    const more = voided !== undefined && state.voided.has(unit) ? { voidedAtMs: voided.timeMs } : {};
    const job = fromHex(of.job);
    const rows: { place: number; line: EvidenceLine }[] = [];
    for (const entry of entries) {
      const row = rowOf(entry, unit, state.order.mode);
      if (row === undefined) continue;
      const [line] = this.#line(entry.sequence, {
        ...{ ...row, job },
        ...(row['kind'] === 'unit' ? more : {}),
      });
      if (line !== undefined) rows.push({ place: order.indexOf(line.kind), line });
    }
    return rows.sort((one, other) => one.place - other.place).map(({ line }) => line);
  }
}

/** In this order the audit reads what a unit has. */
const order: readonly string[] = ['unit', 'request', 'license', 'receipt', 'outcome'];

/** What the entry and its objects say, without job; undefined for an entry that has no row of its own. */
function rowOf({ kind, fields, objects, timeMs }: ReadEntry, unit: number, mode: string): Json | undefined {
  const { thumbprint, digest, manifest } = fields;
  switch (kind) {
    case 'unit-taken':
      return {
        ...{ firstSeenAtMs: timeMs, ...objects },
        ...{ kind: 'unit', unitIndex: unit, thumbprint, takenAtMs: timeMs },
      };
    case 'station-admitted':
      return {
        ...objects,
        kind: 'request',
        unitIndex: unit,
        requestDigest: fields['request'],
        admittedAtMs: timeMs,
      };
    case 'license-issued':
      return {
        ...{ mode, ...objects, kind: 'license', unitIndex: unit, licenseId: fields['license'], thumbprint },
        ...{ manifestDigest: manifest, licenseDigest: digest, issuedAtMs: timeMs },
      };
    case 'receipt-stored':
      return {
        ...{ ...objects, kind: 'receipt', licenseId: fields['license'], receiptDigest: fields['receipt'] },
        ...{ fresh: fields['fresh'], outcome: fields['outcome'], storedAtMs: timeMs },
      };
    case 'outcome-stored':
      return {
        ...{ ...objects, kind: 'outcome', unitIndex: unit, outcomeDigest: fields['outcome'] },
        ...{ result: fields['result'], storedAtMs: timeMs },
      };
    default:
      return undefined;
  }
}
