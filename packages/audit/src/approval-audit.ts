// The approvals of one job in an audit: each verified under the owner's root, and counted again for every
// license, void, acknowledgement and close, by what the log had of them at that time. How many have to sign
// is the auditor's own copy of the root's policy, never the authority's word.

import {
  coversOrder,
  coversPackage,
  coversThing,
  type Quorum,
  requireQuorum,
  type Subject,
  verifyApproval,
  verifyJobEnd,
} from '@firmseal/approval';
import type { EvidenceOf } from '@firmseal/authority-contract';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { CountedApprovals, type Question } from './counted-approvals.ts';
import { demand } from './demand.ts';
import type { FindingCode, Notice } from './findings.ts';
import type { LoggedAct, LoggedJob, LoggedLicense } from './logged-job.ts';
import type { LoggedAlarm } from './logged-state.ts';
import type { AuditTrust } from './trust.ts';

type Asked = Question & { readonly what: string };

export interface ApprovalAuditOptions {
  readonly crypto: Crypto;
  readonly trust: AuditTrust;
  readonly row: EvidenceOf<'job'>;
  readonly logged: LoggedJob | undefined;
  readonly report: (code: FindingCode, subject: string, detail: string) => void;
  readonly notice: (notice: Notice) => void;
}

export class ApprovalAudit {
  readonly #options: ApprovalAuditOptions;
  readonly #counted: CountedApprovals;
  #earlierTold = false;
  /** Every license of a job is held against the same order, and most against the same package. */
  readonly #coversOrder: (subject: Subject) => boolean;
  readonly #coversPackage = new Map<string, (subject: Subject) => boolean>();

  constructor(options: ApprovalAuditOptions) {
    this.#options = options;
    this.#counted = new CountedApprovals(options.row.job);
    this.#coversOrder = remembered(coversOrder(this.#order));
  }

  get #order(): Parameters<typeof coversOrder>[0] {
    const { row, crypto } = this.#options;
    const { quota, mode, accepts, validUntilMs, ledgerPolicy, stations } = row;
    const until = validUntilMs === undefined ? {} : { validUntilSeconds: Math.floor(validUntilMs / 1000) };
    const ledger = ledgerPolicy ? { ledgerPolicy: crypto.sha256(ledgerPolicy) } : {};
    return { quota, mode, accepts, ...until, ...ledger, ...(stations ? { stations } : {}) };
  }

  /** Throws what does not hold. */
  add(row: EvidenceOf<'approval'>): void {
    const { crypto, trust, logged } = this.#options;
    const { rootPublicKey, product } = trust;
    const approval = verifyApproval(crypto, row, { rootPublicKey, product });
    demand(equalBytes(approval.digest, row.approvalDigest), 'the row has another digest than the approval');
    demand(equalBytes(approval.jobId, row.job), 'it was signed for another job');
    const entry = logged?.approvals.get(toHex(row.approvalDigest));
    if (entry !== undefined) this.#counted.add(approval, entry.sequence);
  }

  /** Throws what does not hold. */
  addEnd(row: EvidenceOf<'ending'>): void {
    const { crypto, trust, logged, row: job } = this.#options;
    const { rootPublicKey, product } = trust;
    const end = verifyJobEnd(crypto, row, { rootPublicKey, product });
    demand(equalBytes(end.digest, row.endDigest), 'the row has another digest than the certificate');
    demand(equalBytes(end.jobId, row.job), 'it is for another job');
    demand(job.state === 'closed', 'its job is not closed');
    demand(end.quota === job.quota, 'it names another quota');
    const counted = logged?.ends.get(toHex(row.endDigest));
    if (counted === undefined) return;
    const shown = (of: { units: number; voided: number; licenses: number }) =>
      `units ${of.units}, voided ${of.voided}, licenses ${of.licenses}`;
    demand(shown(end) === shown(counted), `it says ${shown(end)}, the log ${shown(counted)}`);
  }

  /** A license is for a package and under an order that approvers signed before it. */
  checkLicense(subject: string, license: LoggedLicense): void {
    if (this.#options.trust.approvalPolicy === undefined) return;
    const { manifest, sequence, timeMs, restored } = license;
    const at = { sequence, timeMs, restored };
    this.#check(subject, { ...at, what: 'the order', covers: this.#coversOrder });
    const name = toHex(manifest);
    const covers = this.#coversPackage.get(name) ?? remembered(coversPackage(manifest));
    this.#coversPackage.set(name, covers);
    this.#check(subject, { ...at, what: `package ${name}`, covers });
  }

  /** What an owner did that approvers have to have signed. */
  end(alarms: ReadonlyMap<number, LoggedAlarm>): void {
    const { logged, trust, notice, row } = this.#options;
    if (!this.#counted.isEmpty && trust.approvalPolicy === undefined)
      notice({
        code: 'approvals-not-audited',
        detail: `job ${toHex(row.job)}: approvers signed, and no approval policy was given to count them by`,
      });
    for (const item of logged?.signed ?? []) {
      const subject = this.#subjectOf(item.act, alarms);
      const name = `the ${item.act.kind} of entry ${item.sequence}`;
      const covers = subject === undefined ? () => false : coversThing(subject);
      this.#check(name, { ...item, what: name, covers });
    }
  }

  #subjectOf(act: LoggedAct['act'], alarms: ReadonlyMap<number, LoggedAlarm>): Subject | undefined {
    if (act.kind === 'close') return { kind: 'close' };
    if (act.kind === 'void') {
      const { unit: unitIndex, reason } = act;
      const { units } = this.#options.logged!;
      return { kind: 'void', unitIndex, thumbprint: units.keyAt(unitIndex), reason };
    }
    const alarm = alarms.get(act.alarm);
    if (alarm === undefined) return undefined;
    const { license, thumbprint, reason: alarmReason } = alarm;
    const ids = { licenseId: fromHex(license), thumbprint: fromHex(thumbprint) };
    return { kind: 'acknowledgement', alarm: act.alarm, ...ids, alarmReason, note: act.note };
  }

  #check(subject: string, question: Asked): void {
    const { report, notice, row, trust } = this.#options;
    const answer = this.#counted.judge(question, trust);
    if (answer === undefined || answer.kind === 'approved') return;
    if (answer.kind === 'missing') {
      report('approval-missing', subject, this.#reason(answer.quorum, question.what));
      return;
    }
    if (this.#earlierTold) return;
    this.#earlierTold = true;
    const { number, threshold } = answer.policy;
    notice({
      code: 'approval-policy-earlier',
      detail: `job ${toHex(row.job)}: approved under policy ${number}, by ${threshold} approvers`,
    });
  }

  #reason(quorum: Quorum, what: string): string {
    try {
      requireQuorum(quorum, { job: toHex(this.#options.row.job), what });
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause);
    }
    return '';
  }
}

/** The same answers, each found once. */
function remembered(covers: (subject: Subject) => boolean): (subject: Subject) => boolean {
  const answers = new Map<Subject, boolean>();
  return (subject) => {
    const answer = answers.get(subject) ?? covers(subject);
    answers.set(subject, answer);
    return answer;
  };
}
