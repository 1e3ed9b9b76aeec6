// Approvals in an audit, counted for what was done by what the log had of them at that time. How many have to
// sign is the auditor's own copy of the root's policy, never the authority's word.

import {
  type ApprovalPolicy,
  countApprovers,
  isReached,
  type Quorum,
  type Subject,
  type VerifiedApproval,
} from '@firmseal/approval';
import type { Bytes } from '@firmseal/bytes';
import type { LoggedMoment } from './logged-job.ts';
import type { AuditTrust } from './trust.ts';

/** What was done, and which approvals are about it. */
export type Question = LoggedMoment & { readonly covers: (one: Subject) => boolean };

export type Answer =
  | { readonly kind: 'approved' }
  /** By as many as an earlier policy asked for. */
  | { readonly kind: 'approved-earlier'; readonly policy: ApprovalPolicy }
  | { readonly kind: 'missing'; readonly quorum: Quorum };

/** From the check of a request to its entry in the log. */
const requestMs = 10_000;

export class CountedApprovals {
  readonly #jobId: Bytes;
  readonly #stored: { readonly approval: VerifiedApproval; readonly sequence: number }[] = [];

  /** `jobId`: under which they were signed. */
  constructor(jobId: Bytes) {
    this.#jobId = jobId;
  }

  get isEmpty(): boolean {
    return this.#stored.length === 0;
  }

  /** `sequence`: of its entry in the log. */
  add(approval: VerifiedApproval, sequence: number): void {
    this.#stored.push({ approval, sequence });
  }

  /** Undefined where the auditor has no policy. */
  judge(
    question: Question,
    { approvalPolicy, earlierPolicies = [] }: Pick<AuditTrust, 'approvalPolicy' | 'earlierPolicies'>,
  ): Answer | undefined {
    if (approvalPolicy === undefined) return undefined;
    const quorum = this.#quorum(question, approvalPolicy);
    if (isReached(quorum) || this.#wasReached(question, approvalPolicy)) return { kind: 'approved' };
    const policy = earlierPolicies.find((one) => this.#wasReached(question, one));
    return policy === undefined ? { kind: 'missing', quorum } : { kind: 'approved-earlier', policy };
  }

  #quorum({ sequence, restored, timeMs, covers }: Question, { threshold }: ApprovalPolicy): Quorum {
    const before = this.#stored.filter((one) => one.sequence < sequence && one.sequence > restored);
    const asked = { threshold, jobId: this.#jobId, atMs: timeMs, covers };
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
}
