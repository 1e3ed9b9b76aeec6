// Which of the things that the log tells of a job the evidence has shown.

import { toHex } from '@firmseal/bytes';
import type { UnitScope } from './earlier-units.ts';
import type { KeyedRows } from './keyed-rows.ts';
import type { LoggedJob } from './logged-job.ts';

const names = {
  package: 'package',
  unit: 'unit of device',
  license: 'license',
  receipt: 'receipt',
  request: 'request of a station',
  outcome: 'statement of a station',
  approval: 'approval',
  ending: 'certificate of the end',
} as const;

type FewTable = 'package' | 'approval' | 'ending';
type ManyTable = Exclude<keyof typeof names, FewTable>;

export class MetRows {
  readonly #job: LoggedJob | undefined;
  readonly #few: Readonly<Record<FewTable, Set<string>>>;
  /** By row: 1 where it was shown. */
  readonly #many: Readonly<Record<ManyTable, Uint8Array>>;

  constructor(job: LoggedJob | undefined) {
    this.#job = job;
    this.#few = {
      package: new Set(job?.packages.keys()),
      approval: new Set(job?.approvals.keys()),
      ending: new Set(job?.ends.keys()),
    };
    const bits = (rows: KeyedRows | undefined) => new Uint8Array(rows?.size ?? 0);
    this.#many = {
      unit: bits(job?.units),
      license: bits(job?.licenses.rows),
      receipt: bits(job?.receipts.rows),
      request: bits(job?.requests.rows),
      outcome: bits(job?.outcomes.rows),
    };
  }

  addFew(table: FewTable, key: string): void {
    this.#few[table].delete(key);
  }

  /** A row of -1 is in no table. */
  add(table: ManyTable, row: number): void {
    if (row >= 0) this.#many[table][row] = 1;
  }

  /** Of the units that are `now`. */
  *unmet(scopeOf: (unit: number) => UnitScope): Generator<string> {
    const job = this.#job;
    for (const table of ['package', 'approval', 'ending'] as const)
      for (const key of this.#few[table]) yield `${names[table]} ${key}`;
    if (job === undefined) return;
    const tables = [
      ['unit', job.units, (row: number) => row],
      ['license', job.licenses.rows, (row: number) => job.licenses.unitAt(row)],
      ['receipt', job.receipts.rows, (row: number) => job.unitOfReceipt(row)],
      ['request', job.requests.rows, (row: number) => job.requests.unitAt(row)],
      ['outcome', job.outcomes.rows, (row: number) => job.outcomes.aboutAt(row)],
    ] as const;
    for (const [table, rows, unitOf] of tables)
      for (let row = 0; row < rows.size; row++)
        if (this.#many[table][row] === 0 && scopeOf(unitOf(row)) === 'now')
          yield `${names[table]} ${toHex(rows.keyAt(row))}`;
  }
}
