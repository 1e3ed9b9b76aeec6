// One job as the log tells of it, with a table for everything that there may be a million of.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { ByteColumn, type HashSeed, KeyedRows, NumberColumn } from './keyed-rows.ts';

export const idSizeBytes = 16;
export const digestSizeBytes = 32;

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

export interface LoggedRollout {
  readonly percent: number;
  readonly halted: boolean;
  readonly sinceMs: number;
  readonly before?: LoggedRollout;
}

export interface LoggedLicense extends LoggedMoment {
  readonly digest: Bytes;
  readonly unit: number;
  readonly manifest: Bytes;
}

/** By license id. */
export class LoggedLicenses {
  readonly rows: KeyedRows;
  readonly #digests = new ByteColumn(digestSizeBytes);
  /** Each once. */
  readonly #manifests: KeyedRows;
  /** Row to row of the manifest. */
  readonly #manifest = new NumberColumn();
  readonly #units = new NumberColumn();
  readonly #sequences = new NumberColumn();
  readonly #times = new NumberColumn();
  /** Sequence and 1: most licenses come after no restore. */
  readonly #restored = new NumberColumn();

  constructor(seed: HashSeed) {
    this.rows = new KeyedRows(seed, idSizeBytes);
    this.#manifests = new KeyedRows(seed, digestSizeBytes);
  }

  /** False where there is one with this id. */
  add(id: Uint8Array, license: LoggedLicense): boolean {
    const row = this.rows.add(id);
    if (row < 0) return false;
    this.#digests.push(license.digest);
    const known = this.#manifests.find(license.manifest);
    this.#manifest.set(row, known < 0 ? this.#manifests.add(license.manifest) : known);
    this.#units.set(row, license.unit);
    this.#sequences.set(row, license.sequence);
    this.#times.set(row, license.timeMs);
    this.#restored.set(row, license.restored + 1);
    return true;
  }

  unitAt(row: number): number {
    return this.#units.get(row);
  }

  at(row: number): LoggedLicense {
    return {
      digest: this.#digests.at(row),
      manifest: this.#manifests.keyAt(this.#manifest.get(row)),
      unit: this.#units.get(row),
      sequence: this.#sequences.get(row),
      timeMs: this.#times.get(row),
      restored: this.#restored.get(row) - 1,
    };
  }
}

/** What a chip or a station said of a unit, by digest; there are few words for it. */
export class LoggedStatements {
  readonly rows: KeyedRows;
  /** Of a receipt the row of its license, of a station's statement its unit. */
  readonly #about = new NumberColumn();
  readonly #words: string[] = [];
  readonly #word = new NumberColumn();
  readonly #times = new NumberColumn();

  constructor(seed: HashSeed) {
    this.rows = new KeyedRows(seed, digestSizeBytes);
  }

  /** False where there is one with this digest. */
  add(digest: Uint8Array, said: { about: number; word: string; timeMs: number }): boolean {
    const row = this.rows.add(digest);
    if (row < 0) return false;
    let word = this.#words.indexOf(said.word);
    if (word < 0) word = this.#words.push(said.word) - 1;
    this.#word.set(row, word);
    this.#about.set(row, said.about);
    this.#times.set(row, said.timeMs);
    return true;
  }

  aboutAt(row: number): number {
    return this.#about.get(row);
  }

  wordAt(row: number): string {
    return this.#words[this.#word.get(row)]!;
  }

  timeAt(row: number): number {
    return this.#times.get(row);
  }
}

/** Requests of stations, by digest. */
export class LoggedRequests {
  readonly rows: KeyedRows;
  readonly #units = new NumberColumn();

  constructor(seed: HashSeed) {
    this.rows = new KeyedRows(seed, digestSizeBytes);
  }

  add(digest: Uint8Array, unit: number): boolean {
    const row = this.rows.add(digest);
    if (row < 0) return false;
    this.#units.set(row, unit);
    return true;
  }

  unitAt(row: number): number {
    return this.#units.get(row);
  }
}

/** Counts at the time of an entry. */
export interface LoggedEnd {
  readonly units: number;
  readonly voided: number;
  readonly licenses: number;
  readonly installed: number;
}

export interface JobOrder {
  readonly product: string;
  readonly quota: number;
  readonly mode: string;
  /** Outcomes that the owner takes besides PASS, separated by spaces. */
  readonly accepts: string;
  /** No license after it, milliseconds since 1970. */
  readonly until: number | undefined;
  /** Stations and sites that alone may take licenses, separated by spaces. */
  readonly stations: string | undefined;
  /** SHA-256 of what the ledger is asked for, hexadecimal. */
  readonly ledger: string | undefined;
}

export class LoggedJob {
  readonly order: JobOrder;
  state: 'open' | 'approved' | 'closed' = 'open';
  /** Manifest digests, hexadecimal, in the order in which they came; true when approved. */
  readonly packages = new Map<string, boolean>();
  /** By thumbprint; the row is the index of the unit. */
  readonly units: KeyedRows;
  /** Indexes of units that are voided. */
  readonly voided = new Set<number>();
  readonly licenses: LoggedLicenses;
  /** `about`: the row of the license. */
  readonly receipts: LoggedStatements;
  readonly requests: LoggedRequests;
  /** `about`: the unit. */
  readonly outcomes: LoggedStatements;
  /** Digest of an approval to the sequence of its entry. */
  readonly approvals = new Map<string, { sequence: number; timeMs: number }>();
  /** What approvers have to have signed before: voids, and the close. */
  readonly signed: LoggedAct[] = [];
  /** Digests of certificates of its end. */
  readonly ends = new Map<string, LoggedEnd>();
  /** The package that was asked for last. */
  #approved: Uint8Array | undefined;
  /** Of mode update: how far it is opened now, and how far it was before. */
  rollout: LoggedRollout = { percent: 0, halted: false, sinceMs: 0 };

  constructor(seed: HashSeed, order: JobOrder) {
    this.order = order;
    this.units = new KeyedRows(seed, digestSizeBytes);
    this.licenses = new LoggedLicenses(seed);
    this.receipts = new LoggedStatements(seed);
    this.requests = new LoggedRequests(seed);
    this.outcomes = new LoggedStatements(seed);
  }

  unitOfReceipt(row: number): number {
    return this.licenses.unitAt(this.receipts.aboutAt(row));
  }

  isApproved(manifest: Uint8Array): boolean {
    if (this.#approved !== undefined && equalBytes(this.#approved, manifest)) return true;
    if (this.packages.get(toHex(manifest)) !== true) return false;
    this.#approved = manifest; // an approval of a package is never taken back
    return true;
  }

  /** Units with a receipt, by the license of each. */
  get installed(): number {
    const met = new Uint8Array(this.units.size);
    let count = 0;
    for (let row = 0; row < this.receipts.rows.size; row++) {
      const unit = this.unitOfReceipt(row);
      count += 1 - met[unit]!;
      met[unit] = 1;
    }
    return count;
  }
}
