// Recoveries and caps of sites in an audit: each is counted against its approvals, which are of no job. Each
// recovery is told.

import {
  coversThing,
  noJob,
  readApprovalUnverified,
  type Subject,
  type VerifiedApproval,
  verifyApproval,
} from '@firmseal/approval';
import type { EvidenceOf } from '@firmseal/authority-contract';
import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { CountedApprovals } from './counted-approvals.ts';
import { demand } from './demand.ts';
import type { Finding, Notice } from './findings.ts';
import type { LoggedMoment } from './logged-job.ts';
import type { LoggedState } from './logged-state.ts';
import type { AuditTrust } from './trust.ts';

export interface RecoveryAuditOptions {
  readonly crypto: Crypto;
  readonly products: ReadonlyMap<string, AuditTrust>;
  readonly logged: LoggedState;
  readonly report: (finding: Finding) => void;
  readonly notice: (notice: Notice) => void;
}

export class RecoveryAudit {
  readonly #options: RecoveryAuditOptions;
  /** By product. */
  readonly #counted = new Map<string, CountedApprovals>();

  constructor(options: RecoveryAuditOptions) {
    this.#options = options;
  }

  /** A row of the evidence about no job. */
  add(row: EvidenceOf<'approval'>): void {
    const { report, logged } = this.#options;
    const digest = toHex(row.approvalDigest);
    const subject = `approval ${digest}`;
    const entry = logged.recoveryApprovals.get(digest);
    if (entry === undefined || entry.met)
      report({ code: 'row-unlogged', subject, detail: 'the log does not tell of it, or it comes twice' });
    if (entry === undefined) return;
    entry.met = true;
    if (entry.timeMs !== row.storedAtMs) {
      const detail = `the log says at ${entry.timeMs} ms, the row at ${row.storedAtMs} ms`;
      report({ code: 'row-differs', subject, detail });
    }
    try {
      const approval = this.#verify(row);
      if (approval === undefined) return;
      const { product } = approval;
      const counted = this.#counted.get(product) ?? new CountedApprovals(noJob);
      this.#counted.set(product, counted);
      counted.add(approval, entry.sequence);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      report({ code: 'approval-invalid', subject, detail });
    }
  }

  /** Undefined where the auditor has no keys for the product that it names. Throws what does not hold. */
  #verify(row: EvidenceOf<'approval'>): VerifiedApproval | undefined {
    const { crypto, products } = this.#options;
    const trust = products.get(readApprovalUnverified(row.approval).product);
    if (trust === undefined) return undefined;
    const { rootPublicKey, product } = trust;
    const approval = verifyApproval(crypto, row, { rootPublicKey, product });
    demand(equalBytes(approval.digest, row.approvalDigest), 'the row has another digest than the approval');
    demand(equalBytes(approval.jobId, noJob), 'it was signed for a job');
    return approval;
  }

  /** Everything that can be said at the end. */
  end(): void {
    const { logged, report, notice } = this.#options;
    for (const [digest, { met }] of logged.recoveryApprovals)
      if (!met) {
        const detail = 'the log tells of it';
        report({ code: 'row-missing', subject: `approval ${digest}`, detail });
      }
    for (const recovery of logged.recoveries) {
      const { sequence, product, device, counter } = recovery;
      notice({
        code: 'device-recovered',
        detail: `entry ${sequence}: product ${product}, device ${device}, from security counter ${counter} on`,
      });
      const { unwraps } = recovery;
      const subject = {
        kind: 'recovery',
        thumbprint: fromHex(device),
        securityCounter: counter,
        unwraps,
      } as const;
      this.#check(recovery, { product, subject, what: `the recovery of entry ${sequence}` });
    }
    for (const change of logged.sites.caps) {
      const { sequence, product, site, cap, untilMs, number } = change;
      const subject = { kind: 'site-cap', site, cap, validUntilSeconds: untilMs / 1000, number } as const;
      this.#check(change, { product, subject, what: `the cap of site ${site} of entry ${sequence}` });
    }
  }

  #check(moment: LoggedMoment, of: { product: string; subject: Subject; what: string }): void {
    const { products, report, notice } = this.#options;
    const { product, subject, what } = of;
    const trust = products.get(product);
    if (trust === undefined) return;
    const counted = this.#counted.get(product) ?? new CountedApprovals(noJob);
    const answer = counted.judge({ ...moment, covers: coversThing(subject) }, trust);
    if (answer?.kind === 'missing') {
      const { given, needed, refused } = answer.quorum;
      const detail = refused[0]?.message ?? `${given} of ${needed} approvers had approved it`;
      report({ code: 'approval-missing', subject: what, detail });
    }
    if (answer?.kind === 'approved-earlier') {
      const { number, threshold } = answer.policy;
      const detail = `${what}: approved under policy ${number}, by ${threshold} approvers`;
      notice({ code: 'approval-policy-earlier', detail });
    }
  }
}
