// Where the entries of each job and unit stand in a ledger. A unit's entries lie apart in the log: this index
// is kept while the log is read, a few dozen bytes an entry, and the files are read again at their places.

import { noJob } from '@firmseal/approval';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  type DecodedLogEntry,
  type LedgerFiles,
  type LogFields,
  type OpenedEntry,
  OpenedFile,
  openedPath,
  type SealedEntry,
  tileWidth,
  widthOf,
} from '@firmseal/ledger';
import { type HashSeed, KeyedRows, NumberColumn } from './keyed-rows.ts';
import { idSizeBytes } from './logged-job.ts';

export const noJobName = toHex(noJob);

/** Opened files that are held, by their bytes; one more than that is held where a single one is larger. */
const keptBytesAtMost = 32 << 20;
/** A file is read into the memory of another one that is about as large. */
const roomStepBytes = 1 << 16;

/** Opened entries by their sequence; the last files are kept. */
export class OpenedReader {
  readonly #files: LedgerFiles;
  readonly #size: number;
  readonly #keptBytesAtMost: number;
  readonly #kept = new Map<number, { file: OpenedFile; room: Bytes | undefined }>(); // oldest use first
  #keptBytes = 0;
  /** How much memory the last file took. */
  #roomBytes = 0;

  constructor(files: LedgerFiles, size: number, mostBytes = keptBytesAtMost) {
    this.#files = files;
    this.#size = size;
    this.#keptBytesAtMost = mostBytes;
  }

  /** Throws `ledger-file-missing`, `ledger-entry-wrong`. */
  async read(sequence: number): Promise<OpenedEntry> {
    return (await this.#file(sequence)).at(sequence % tileWidth);
  }

  /**
   * Without its objects; until the next entry is read. Throws `ledger-file-missing`, `ledger-entry-wrong`.
   */
  async readSealed(sequence: number): Promise<SealedEntry> {
    return (await this.#file(sequence)).sealedAt(sequence % tileWidth);
  }

  async #file(sequence: number): Promise<OpenedFile> {
    const number = Math.floor(sequence / tileWidth);
    const kept = this.#kept.get(number);
    if (kept !== undefined) {
      this.#kept.delete(number);
      this.#kept.set(number, kept);
      return kept.file;
    }
    const path = openedPath(number);
    const room = this.#makeRoom();
    const bytes = await this.#files.read(path, room);
    if (bytes === undefined) throw new Fault('ledger-file-missing', { file: path });
    this.#roomBytes = Math.ceil((bytes.length + 1) / roomStepBytes) * roomStepBytes;
    const file = new OpenedFile(bytes, widthOf(this.#size, 0, number), path);
    const isInRoom = room !== undefined && bytes.buffer === room.buffer;
    this.#keptBytes += isInRoom ? room.length : bytes.length;
    this.#kept.set(number, { file, room: isInRoom ? room : undefined });
    return file;
  }

  /** Memory for one more file: each takes its own garbage away, which the engine would do late. */
  #makeRoom(): Bytes | undefined {
    let spare: Bytes | undefined;
    for (const [oldest, { file, room }] of this.#kept) {
      if (this.#keptBytes + this.#roomBytes <= this.#keptBytesAtMost) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= room?.length ?? file.sizeBytes;
      spare = room ?? spare;
    }
    if (this.#roomBytes === 0) return undefined;
    return spare !== undefined && spare.length >= this.#roomBytes ? spare : new Uint8Array(this.#roomBytes);
  }
}

/** Of one job. */
export class JobIndex {
  readonly openedAt: number;
  /** Manifest digest to sequence. */
  readonly packages = new Map<string, number>();
  /** Sequences of approvals and of certificates of the end. */
  readonly signed: number[] = [];
  unitCount = 0;
  /** Of each unit, the sequence of its newest entry. */
  readonly #last = new NumberColumn();

  constructor(openedAt: number) {
    this.openedAt = openedAt;
  }

  lastOf(unit: number): number {
    return this.#last.get(unit);
  }

  /** The sequence of the unit's entry before it; undefined for its first. */
  add(unit: number, sequence: number): number | undefined {
    const previous = unit < this.unitCount ? this.#last.get(unit) : undefined;
    this.unitCount = Math.max(this.unitCount, unit + 1);
    this.#last.set(unit, sequence);
    return previous;
  }
}

/** The unit of a license of a job, as the entries before said; undefined where they did not. */
type UnitOfLicense = (job: Uint8Array, license: Uint8Array) => number | undefined;

/** Which entries tell of which job and unit. */
export class LedgerIndex {
  readonly jobs = new Map<string, JobIndex>();
  readonly identities: number[] = [];
  /** Approvals of recoveries, which are of no job. */
  readonly recoveryApprovals: number[] = [];
  /** By sequence: that of the previous entry of the same unit, and 1; 0 for the first. */
  readonly #previous = new NumberColumn();
  readonly #jobRows: KeyedRows;
  readonly #jobList: JobIndex[] = [];

  readonly #unitOf: UnitOfLicense;

  constructor(seed: HashSeed, unitOf: UnitOfLicense) {
    this.#jobRows = new KeyedRows(seed, idSizeBytes);
    this.#unitOf = unitOf;
  }

  /** Sequences of the entries of a unit, ascending. */
  entriesOf(job: JobIndex, unit: number): number[] {
    const sequences: number[] = [];
    const last = unit < job.unitCount ? job.lastOf(unit) + 1 : 0;
    for (let at = last; at > 0; at = this.#previous.get(at - 1)) sequences.push(at - 1);
    return sequences.reverse();
  }

  /** An entry that cannot be followed is left out here; the audit of the log names it. */
  add(sequence: number, { kind, fields }: DecodedLogEntry): void {
    if (kind === 'identity-stored') this.identities.push(sequence);
    const id = fields['job'];
    if (!(id instanceof Uint8Array)) return;
    if (kind === 'approval-stored' && equalBytes(id, noJob)) this.recoveryApprovals.push(sequence);
    const index = this.#jobOf(id, kind === 'job-opened' ? sequence : undefined);
    if (index !== undefined) this.#addTo(index, sequence, { job: id, kind, fields });
  }

  /** `openedAt`: of a job that is not known yet, which is then added. */
  #jobOf(id: Uint8Array, openedAt: number | undefined): JobIndex | undefined {
    const row = this.#jobRows.find(id);
    if (row >= 0) return this.#jobList[row];
    if (openedAt === undefined || id.length !== idSizeBytes) return undefined;
    const index = new JobIndex(openedAt);
    this.#jobRows.add(id);
    this.#jobList.push(index);
    this.jobs.set(toHex(id), index);
    return index;
  }

  #addTo(
    index: JobIndex,
    sequence: number,
    { job, kind, fields }: { job: Uint8Array; kind: string; fields: LogFields },
  ): void {
    const manifest = fields['manifest'];
    if ((kind === 'job-opened' || kind === 'package-added') && manifest instanceof Uint8Array)
      index.packages.set(toHex(manifest), sequence);
    if (kind === 'approval-stored' || kind === 'job-certified') index.signed.push(sequence);
    const license = fields['license'];
    // A receipt names no unit.
    const unit = fields['unit'] ?? (license instanceof Uint8Array ? this.#unitOf(job, license) : undefined);
    if (typeof unit !== 'number' || !Number.isSafeInteger(unit) || unit < 0 || unit > index.unitCount) return;
    const previous = index.add(unit, sequence);
    if (previous !== undefined) this.#previous.set(sequence, previous + 1);
  }
}
