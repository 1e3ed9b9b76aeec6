// The approvals of one job in an audit: each verified under the owner's root, and counted again for every
// license, void, acknowledgement and close, by what the log had of them at that time. How many have to sign
// is the auditor's own copy of the root's policy, never the authority's word.

import {
  type ApprovalPolicy,
  countApprovers,
  coversOrder,
  coversPackage,
  coversThing,
  isReached,
  type Quorum,
  requireQuorum,
  type Subject,
  type VerifiedApproval,
  verifyApproval,
  verifyJobEnd,
} from '@firmseal/approval';
import type { EvidenceOf } from '@firmseal/authority-contract';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { demand } from './demand.ts';
import type { FindingCode, Notice } from './findings.ts';
import type { LoggedAct, LoggedAlarm, LoggedJob, LoggedLicense, LoggedMoment } from './logged-state.ts';
import type { AuditTrust } from './trust.ts';

type Question = LoggedMoment & { readonly what: string; readonly covers: (one: Subject) => boolean };

interface Stored {
  readonly approval: VerifiedApproval;
  readonly sequence: number;
}

export interface ApprovalAuditOptions {
  readonly crypto: Crypto;
  readonly trust: AuditTrust;
  readonly row: EvidenceOf<'job'>;
  readonly logged: LoggedJob | undefined;
  readonly report: (code: FindingCode, subject: string, detail: string) => void;
  readonly notice: (notice: Notice) => void;
}

/** From the check of a request to its entry in the log. */
const requestMs = 10_000;

export class ApprovalAudit {
  readonly #options: ApprovalAuditOptions;
  readonly #stored: Stored[] = [];
  #earlierTold = false;

  constructor(options: ApprovalAuditOptions) {
    this.#options = options;
  }

  /** Throws what does not hold. */
  add(row: EvidenceOf<'approval'>): void {
    const { crypto, trust, logged } = this.#options;
    const { rootPublicKey, product } = trust;
    const approval = verifyApproval(crypto, row, { rootPublicKey, product });
    demand(equalBytes(approval.digest, row.approvalDigest), 'the row has another digest than the approval');
    demand(equalBytes(approval.jobId, row.job), 'it was signed for another job');
    const entry = logged?.approvals.get(toHex(row.approvalDigest));
    if (entry !== undefined) this.#stored.push({ approval, sequence: entry.sequence });
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
    const { row } = this.#options;
    const { quota, mode, accepts, validUntilMs } = row;
    const until = validUntilMs === undefined ? {} : { validUntilSeconds: Math.floor(validUntilMs / 1000) };
    const order = { quota, mode, accepts, ...until };
    this.#check(subject, { ...license, what: 'the order', covers: coversOrder(order) });
    const { manifest } = license;
    const covers = coversPackage(fromHex(manifest));
    this.#check(subject, { ...license, what: `package ${manifest}`, covers });
  }

  /** What an owner did that approvers have to have signed. */
  end(alarms: ReadonlyMap<number, LoggedAlarm>): void {
    const { logged, trust, notice, row } = this.#options;
    if (this.#stored.length > 0 && trust.approvalPolicy === undefined)
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
      const [holder] = [...(this.#options.logged?.units ?? [])].find(([, unit]) => unit === unitIndex) ?? [];
      return holder === undefined
        ? undefined
        : { kind: 'void', unitIndex, thumbprint: fromHex(holder), reason };
    }
    const alarm = alarms.get(act.alarm);
    if (alarm === undefined) return undefined;
    const { license, thumbprint, reason: alarmReason } = alarm;
    const ids = { licenseId: fromHex(license), thumbprint: fromHex(thumbprint) };
    return { kind: 'acknowledgement', alarm: act.alarm, ...ids, alarmReason, note: act.note };
  }

  #check(subject: string, question: Question): void {
    const { approvalPolicy, earlierPolicies = [] } = this.#options.trust;
    if (approvalPolicy === undefined) return;
    const quorum = this.#quorum(question, approvalPolicy);
    if (isReached(quorum) || this.#wasReached(question, approvalPolicy)) return;
    const earlier = earlierPolicies.find((policy) => this.#wasReached(question, policy));
    const { report, notice, row } = this.#options;
    if (earlier === undefined) {
      report('approval-missing', subject, this.#reason(quorum, question.what));
      return;
    }
    if (this.#earlierTold) return;
    this.#earlierTold = true;
    notice({
      code: 'approval-policy-earlier',
      detail: `job ${toHex(row.job)}: approved under policy ${earlier.number}, by ${earlier.threshold} approvers`,
    });
  }

  #quorum({ sequence, restored, timeMs, covers }: Question, { threshold }: ApprovalPolicy): Quorum {
    const before = this.#stored.filter((one) => one.sequence < sequence && one.sequence > restored);
    const asked = { threshold, jobId: this.#options.row.job, atMs: timeMs, covers };
    return countApprovers(
      before.map((one) => one.approval),
      asked,
    );
  }

  /** When the request came: an approval may end before its license is logged. */
  #wasReached(question: Question, policy: ApprovalPolicy): boolean {
    const { timeMs } = question;
    return isReached(this.#quorum({ ...question, timeMs: timeMs - requestMs }, policy));
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
