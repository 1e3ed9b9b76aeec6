// The rows of one job against its log, both ways: what the log tells must stand in a row with the same
// content, and no row may stand for anything else.

import type { EvidenceOf } from '@firmseal/authority-contract';
import { equalBytes, toHex } from '@firmseal/bytes';
import type { UnitScope } from './earlier-units.ts';
import type { FindingCode } from './findings.ts';
import type { KeyedRows } from './keyed-rows.ts';
import type { JobOrder, LoggedJob, LoggedLicense } from './logged-job.ts';

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

const jobText = (job: JobOrder & { readonly state: string }) =>
  `${job.product}, quota ${job.quota}, ${job.mode}, takes ${job.accepts || 'PASS alone'}, ${job.state}` +
  (job.until === undefined ? '' : `, until ${job.until} ms`) +
  (job.ledger === undefined ? '' : `, ledger policy ${job.ledger}`) +
  (job.stations === undefined ? '' : `, stations ${job.stations}`);
const timeText = (atMs: number) => `at ${atMs} ms`;
const approvalText = (approved: boolean) => (approved ? 'approved' : 'not approved');
const unitText = (unit: number, isVoided: boolean) => `${unit}${isVoided ? ', voided' : ''}`;
const licenseText = (of: {
  digest: Uint8Array;
  thumbprint: Uint8Array;
  unit: number;
  manifest: Uint8Array;
}) =>
  `digest ${toHex(of.digest)}, device ${toHex(of.thumbprint)}, unit ${of.unit}, manifest ${toHex(of.manifest)}`;
const receiptText = (license: Uint8Array, outcome: string, atMs: number) =>
  `${toHex(license)}, ${outcome}, ${timeText(atMs)}`;
const outcomeText = (unit: number, result: string, atMs: number) =>
  `unit ${unit}, ${result}, ${timeText(atMs)}`;

export class RowsAgainstLog {
  readonly #job: LoggedJob | undefined;
  readonly #report: (code: FindingCode, subject: string, detail: string) => void;
  readonly #few: Readonly<Record<FewTable, Set<string>>>;
  /** By row of its table: 1 where it was shown. */
  readonly #many: Readonly<Record<ManyTable, Uint8Array>>;

  constructor(
    job: LoggedJob | undefined,
    report: (code: FindingCode, subject: string, detail: string) => void,
  ) {
    this.#job = job;
    this.#report = report;
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

  /** `ledger`: digest of its policy, hexadecimal. */
  holdJob(row: EvidenceOf<'job'>, ledger: string | undefined): void {
    const logged = this.#job;
    const stations = row.stations?.join(' ');
    const of = { ...row, accepts: row.accepts.join(' '), until: row.validUntilMs, ledger, stations };
    this.#hold(
      `job ${toHex(row.job)}`,
      logged && { row: jobText(of), logged: jobText({ ...logged.order, state: logged.state }) },
    );
  }

  holdApproval(row: EvidenceOf<'approval'>): void {
    const digest = toHex(row.approvalDigest);
    const logged = this.#job?.approvals.get(digest);
    this.#few.approval.delete(digest);
    this.#hold(
      `approval ${digest}`,
      logged && { row: timeText(row.storedAtMs), logged: timeText(logged.timeMs) },
    );
  }

  holdEnding(row: EvidenceOf<'ending'>): void {
    const digest = toHex(row.endDigest);
    this.#few.ending.delete(digest);
    const isLogged = this.#job?.ends.has(digest) === true;
    this.#hold(`certificate ${digest}`, isLogged ? { row: '', logged: '' } : undefined);
  }

  holdPackage(row: EvidenceOf<'package'>): void {
    const digest = toHex(row.manifestDigest);
    const approved = this.#job?.packages.get(digest);
    this.#few.package.delete(digest);
    const texts = (logged: boolean) => ({ row: approvalText(row.approved), logged: approvalText(logged) });
    this.#hold(`package ${digest}`, approved === undefined ? undefined : texts(approved));
  }

  holdUnit({ thumbprint, unitIndex, voidedAtMs }: EvidenceOf<'unit'>): void {
    this.#holdIn('unit', thumbprint, (job, unit) => ({
      row: unitText(unitIndex, voidedAtMs !== undefined),
      logged: unitText(unit, job.voided.has(unit)),
    }));
  }

  /** What the log says of it. */
  holdLicense(row: EvidenceOf<'license'>): LoggedLicense | undefined {
    let logged: LoggedLicense | undefined;
    this.#holdIn('license', row.licenseId, ({ licenses, units }, found) => {
      logged = licenses.at(found);
      const isSame =
        row.unitIndex === logged.unit &&
        equalBytes(row.licenseDigest, logged.digest) &&
        equalBytes(row.manifestDigest, logged.manifest) &&
        units.find(row.thumbprint) === logged.unit;
      if (isSame) return { row: '', logged: '' };
      const { thumbprint, unitIndex: unit, licenseDigest: digest, manifestDigest: manifest } = row;
      return {
        row: licenseText({ digest, thumbprint, unit, manifest }),
        logged: licenseText({ ...logged, thumbprint: units.keyAt(logged.unit) }),
      };
    });
    return logged;
  }

  holdReceipt(row: EvidenceOf<'receipt'>): void {
    this.#holdIn('receipt', row.receiptDigest, ({ receipts, licenses }, found) => ({
      row: receiptText(row.licenseId, row.outcome, row.storedAtMs),
      logged: receiptText(
        licenses.rows.keyAt(receipts.aboutAt(found)),
        receipts.wordAt(found),
        receipts.timeAt(found),
      ),
    }));
  }

  holdRequest({ requestDigest, unitIndex }: EvidenceOf<'request'>): void {
    this.#holdIn('request', requestDigest, ({ requests }, found) => ({
      row: `unit ${unitIndex}`,
      logged: `unit ${requests.unitAt(found)}`,
    }));
  }

  holdOutcome(row: EvidenceOf<'outcome'>): void {
    this.#holdIn('outcome', row.outcomeDigest, ({ outcomes }, found) => ({
      row: outcomeText(row.unitIndex, row.result, row.storedAtMs),
      logged: outcomeText(outcomes.aboutAt(found), outcomes.wordAt(found), outcomes.timeAt(found)),
    }));
  }

  /** A row of one of the long tables, as `texts` tells it and the log. */
  #holdIn(
    table: ManyTable,
    key: Uint8Array,
    texts: (job: LoggedJob, found: number) => { row: string; logged: string },
  ): void {
    const job = this.#job;
    const found = job === undefined ? -1 : tableOf(job, table).find(key);
    if (found >= 0) this.#many[table][found] = 1;
    this.#hold(
      `${shortNames[table]} ${toHex(key)}`,
      job === undefined || found < 0 ? undefined : texts(job, found),
    );
  }

  /** Undefined: the log does not tell of it. */
  #hold(subject: string, texts: { row: string; logged: string } | undefined): void {
    if (texts === undefined) this.#report('row-unlogged', subject, 'the log does not tell of it');
    else if (texts.row !== texts.logged)
      this.#report('row-differs', subject, `the log says ${texts.logged}, the row ${texts.row}`);
  }

  /** Reports everything that no row has shown, of units that are `now`. */
  end(scopeOf: (unit: number) => UnitScope): void {
    for (const what of this.#unmet(scopeOf)) this.#report('row-missing', what, 'the log tells of it');
  }

  *#unmet(scopeOf: (unit: number) => UnitScope): Generator<string> {
    for (const table of ['package', 'approval', 'ending'] as const)
      for (const key of this.#few[table]) yield `${names[table]} ${key}`;
    const job = this.#job;
    if (job === undefined) return;
    const unitOf: Readonly<Record<ManyTable, (row: number) => number>> = {
      unit: (row) => row,
      license: (row) => job.licenses.unitAt(row),
      receipt: (row) => job.unitOfReceipt(row),
      request: (row) => job.requests.unitAt(row),
      outcome: (row) => job.outcomes.aboutAt(row),
    };
    for (const table of Object.keys(unitOf) as ManyTable[]) {
      const rows = tableOf(job, table);
      for (let row = 0; row < rows.size; row++)
        if (this.#many[table][row] === 0 && scopeOf(unitOf[table](row)) === 'now')
          yield `${names[table]} ${toHex(rows.keyAt(row))}`;
    }
  }
}

const shortNames: Readonly<Record<ManyTable, string>> = {
  unit: 'unit of device',
  license: 'license',
  receipt: 'receipt',
  request: 'request',
  outcome: 'statement',
};

function tableOf(job: LoggedJob, table: ManyTable): KeyedRows {
  return table === 'unit' ? job.units : job[`${table}s`].rows;
}
