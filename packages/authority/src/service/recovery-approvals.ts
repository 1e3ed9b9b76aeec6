// Approvals of recoveries (spec/approval.md kind 6): they are of a device and its floors, and of no job. The
// authority asks for them before it logs a recovery, which comes before the chip gets its statement.

import {
  countApprovers,
  coversThing,
  isReached,
  noJob,
  type Quorum,
  type RecoverySubject,
  readApprovalUnverified,
} from '@firmseal/approval';
import type { CallAnswer } from '@firmseal/authority-contract';
import { mostShownRecoveries } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ApprovalRecord } from '../store/records.ts';
import { approvalsOf } from './approvals.ts';
import type { Authority, ProductTrust } from './authority.ts';

/** Rows about one device. */
export const isOfDevice =
  (product: string, thumbprint: Bytes) =>
  ({ approval }: ApprovalRecord): boolean => {
    const shown = readApprovalUnverified(approval);
    const { subject } = shown;
    return (
      shown.product === product && subject.kind === 'recovery' && equalBytes(subject.thumbprint, thumbprint)
    );
  };

/** How many approvers have signed the recovery of a device with these floors, and why others do not count. */
async function recoveryQuorum(
  authority: Authority,
  trust: ProductTrust,
  subject: RecoverySubject,
): Promise<Quorum> {
  const threshold = trust.approvalPolicy?.threshold ?? 0;
  const isWanted = isOfDevice(trust.product, subject.thumbprint);
  const { counting, refused } = await approvalsOf(authority, { jobId: noJob }, trust, isWanted);
  const atMs = authority.clock.nowMs();
  const quorum = countApprovers(counting, { threshold, jobId: noJob, atMs, covers: coversThing(subject) });
  return { ...quorum, refused: [...quorum.refused, ...refused] };
}

/** Where the root asks for approvals. Throws `recovery-approvals-missing`, or why one does not count. */
export async function requireRecoverySigned(
  authority: Authority,
  trust: ProductTrust,
  subject: RecoverySubject,
): Promise<void> {
  const quorum = await recoveryQuorum(authority, trust, subject);
  if (isReached(quorum)) return;
  const { securityCounter: counter, unwraps, thumbprint } = subject;
  const { given, needed, refused } = quorum;
  const counts = { given, needed, counter, unwraps };
  throw refused[0] ?? new Fault('recovery-approvals-missing', { ...counts, device: toHex(thumbprint) });
}

/** What approvers have signed of a device's recovery: the newest first, each floors once. */
export async function viewRecoveryApprovals(
  authority: Authority,
  trust: ProductTrust,
  thumbprint: Bytes,
): Promise<Pick<CallAnswer<'recoveryFloor'>, 'approvalsNeeded' | 'approvals'>> {
  const { product } = trust;
  const rows = (await authority.store.listApprovals(noJob)).filter(isOfDevice(product, thumbprint));
  const subjects = new Map<string, RecoverySubject>();
  for (const { approval } of rows.reverse()) {
    const { subject } = readApprovalUnverified(approval);
    if (subject.kind === 'recovery') subjects.set(`${subject.securityCounter} ${subject.unwraps}`, subject);
  }
  const approvals = [];
  for (const subject of [...subjects.values()].slice(0, mostShownRecoveries)) {
    const { securityCounter, unwraps } = subject;
    const { given } = await recoveryQuorum(authority, trust, subject);
    approvals.push({ securityCounter, unwraps, given });
  }
  return { approvalsNeeded: trust.approvalPolicy?.threshold ?? 0, approvals };
}
