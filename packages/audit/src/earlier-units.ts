// Units whose signatures an earlier run of the audit has verified: counted by the log, which is what the rows
// were held against then.

import type { Outcome } from '@firmseal/license';
import { weaknesses } from '@firmseal/license';
import type { StationResult } from '@firmseal/station';
import type { JobSummary } from './job-summary.ts';
import type { LoggedJob } from './logged-job.ts';

/** `never`: the audit was not asked for it. */
export type UnitScope = 'now' | 'earlier' | 'never';

type Counts = Omit<JobSummary, 'job' | 'product' | 'quota' | 'hasKeys'>;

const leastSerious = weaknesses.at(-1)!;

/** What the log says of each unit of a job that has ended or not. */
export class EarlierUnits {
  readonly #job: LoggedJob;
  readonly #accepts: ReadonlySet<string>;
  /** By unit: row of the newest receipt, and of the newest statement of a station, and 1. */
  readonly #receipts: Uint32Array;
  readonly #statements: Uint32Array;
  readonly #licensed: Uint8Array;

  constructor(job: LoggedJob) {
    const { size } = job.units;
    this.#job = job;
    this.#accepts = new Set(job.order.accepts.split(' '));
    this.#receipts = new Uint32Array(size);
    this.#statements = new Uint32Array(size);
    this.#licensed = new Uint8Array(size);
    for (let row = 0; row < job.licenses.rows.size; row++) this.#licensed[job.licenses.unitAt(row)] = 1;
    for (let row = 0; row < job.receipts.rows.size; row++) this.#receipts[job.unitOfReceipt(row)] = row + 1;
    for (let row = 0; row < job.outcomes.rows.size; row++)
      this.#statements[job.outcomes.aboutAt(row)] = row + 1;
  }

  #outcomeOf(unit: number): string | undefined {
    const row = this.#receipts[unit] ?? 0;
    return row === 0 ? undefined : this.#job.receipts.wordAt(row - 1);
  }

  /**
   * Whether the log says if the owner takes the newest receipt. It names the most serious weakness alone;
   * where he takes that one, a lesser one decides.
   */
  isDecided(unit: number): boolean {
    const outcome = this.#outcomeOf(unit);
    const hasNoOther = outcome === undefined || outcome === 'PASS' || outcome === leastSerious;
    return hasNoOther || !this.#accepts.has(outcome);
  }

  /**
   * Of the units that are `earlier`. Without keys nothing was verified, so that nothing counts as installed.
   */
  count(scopeOf: (unit: number) => UnitScope, hasKeys: boolean): Counts {
    const { units, voided, licenses, receipts } = this.#job;
    const isEarlier = Uint8Array.from({ length: units.size }, (_, unit) =>
      scopeOf(unit) === 'earlier' ? 1 : 0,
    );
    const counts = { units: 0, voided: 0, installed: 0, unitsWithoutLicense: 0, unitsWithoutReceipt: 0 };
    const stated: Partial<Record<StationResult, number>> = {};
    for (let unit = 0; unit < units.size; unit++) {
      if (isEarlier[unit] === 0) continue;
      const outcome = this.#outcomeOf(unit);
      const hasReceipt = outcome === 'PASS' || (outcome !== undefined && this.#accepts.has(outcome));
      if (hasReceipt && hasKeys) counts.installed++;
      counts[voided.has(unit) ? 'voided' : 'units']++;
      if (!voided.has(unit)) {
        if (this.#licensed[unit] === 0) counts.unitsWithoutLicense++;
        if (!hasReceipt) counts.unitsWithoutReceipt++;
      }
      const row = this.#statements[unit]!;
      if (row > 0 && hasKeys) add(stated, this.#job.outcomes.wordAt(row - 1) as StationResult);
    }
    let [licenseCount, receiptCount] = [0, 0];
    for (let row = 0; row < licenses.rows.size; row++) licenseCount += isEarlier[licenses.unitAt(row)]!;
    const outcomes: Partial<Record<Outcome, number>> = {};
    for (let row = 0; row < receipts.rows.size; row++) {
      if (isEarlier[this.#job.unitOfReceipt(row)] === 0) continue;
      receiptCount++;
      add(outcomes, receipts.wordAt(row) as Outcome);
    }
    return { ...counts, licenses: licenseCount, receipts: receiptCount, outcomes, stated };
  }
}

function add<K extends string>(counts: Partial<Record<K, number>>, name: K): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
