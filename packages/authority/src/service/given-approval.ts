// What an approver signed comes in: it is verified, held against what the authority has, and kept. It does
// nothing by itself.

import {
  type ApprovedThing,
  countApprovers,
  coversOrder,
  coversThing,
  noJob,
  type RecoverySubject,
  readApprovalUnverified,
  requireQuorum,
  type SiteCapSubject,
  type Subject,
  subjectDigest,
  type VerifiedApproval,
} from '@firmseal/approval';
import type { CallAnswer } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { ApprovalRecord, JobRecord } from '../store/records.ts';
import { approvalsOf, orderOf, verifyOnce } from './approvals.ts';
import { type Authority, type ProductTrust, requireProduct } from './authority.ts';
import { recoveryFloor } from './recoveries.ts';
import { isOfDevice } from './recovery-approvals.ts';
import { isOfSite } from './site-certifying.ts';

/** Approvals of one job, or of one device: what has so many is nothing that people approve. */
const mostApprovals = 4096;

const wrong = (what: string) => new Fault('approval-wrong', { what });

/** What is approved is what the authority has. Throws `approval-wrong`, `job-closed`. */
async function checkSubject(authority: Authority, job: JobRecord, subject: Subject): Promise<void> {
  const { store } = authority;
  const { jobId } = job;
  const hasPackage = async (digests: readonly Bytes[]) => {
    const packages = await store.listPackages(jobId);
    return digests.every((one) => packages.some(({ manifestDigest }) => equalBytes(manifestDigest, one)));
  };
  switch (subject.kind) {
    case 'order':
      if (!coversOrder(orderOf(authority.crypto, job))(subject)) throw wrong('order');
      if (!(await hasPackage(subject.packages))) throw wrong('package');
      return;
    case 'package':
      if (!(await hasPackage([subject.manifestDigest]))) throw wrong('package');
      return;
    case 'void': {
      const unit = await store.findUnit(jobId, subject.thumbprint);
      if (unit?.unitIndex !== subject.unitIndex) throw wrong('unit');
      return;
    }
    case 'acknowledgement': {
      const alarm = await store.findAlarm(subject.alarm);
      const same =
        alarm !== undefined &&
        equalBytes(alarm.jobId, jobId) &&
        equalBytes(alarm.licenseId, subject.licenseId) &&
        equalBytes(alarm.thumbprint, subject.thumbprint) &&
        alarm.reason === subject.alarmReason;
      if (!same) throw wrong('alarm');
      return;
    }
    case 'recovery':
    case 'site-cap':
      throw wrong('job');
    case 'close':
      if (job.state === 'closed') throw new Fault('job-closed', { job: toHex(jobId) });
  }
}

const coveredBy = (crypto: Crypto, job: JobRecord, subject: Subject): Matter['covers'] =>
  subject.kind === 'order' ? coversOrder(orderOf(crypto, job)) : coversThing(subject);

/** Throws `approval-repeated` when the same approver's word on the same thing still counts. */
function refuseRepeated(
  crypto: Crypto,
  {
    approval,
    before,
    atMs,
  }: { approval: VerifiedApproval; before: readonly VerifiedApproval[]; atMs: number },
): void {
  const digest = subjectDigest(crypto, approval);
  const same = before.some(
    (one) =>
      equalBytes(one.approverKey, approval.approverKey) &&
      one.threshold === approval.threshold &&
      atMs < (one.validUntilSeconds + 1) * 1000 &&
      equalBytes(subjectDigest(crypto, one), digest),
  );
  const approver = toHex(approval.approverKey).slice(2, 18);
  if (same) throw new Fault('approval-repeated', { approver });
}

/** What an approval is about, as the authority knows it. */
interface Matter {
  readonly trust: ProductTrust;
  readonly jobId: Bytes;
  readonly covers: (subject: Subject) => boolean;
  /** Rows under the job id that are about the same matter. */
  readonly isWanted?: (row: ApprovalRecord) => boolean;
  /** Throws where the authority has something else. */
  readonly check: () => Promise<void>;
}

async function jobMatter(authority: Authority, jobId: Bytes, subject: Subject): Promise<Matter> {
  const job = await authority.store.findJob(jobId);
  if (!job) throw new Fault('job-unknown', { job: toHex(jobId) });
  const trust = requireProduct(authority, job.product);
  const check = () => checkSubject(authority, job, subject);
  return { trust, jobId, covers: coveredBy(authority.crypto, job, subject), check };
}

/** Nobody approves a recovery that the authority would refuse. */
function recoveryMatter(authority: Authority, product: string, subject: RecoverySubject): Matter {
  const trust = requireProduct(authority, product);
  const { thumbprint, securityCounter: counter, unwraps } = subject;
  const check = async () => {
    const floor = await recoveryFloor(authority, { product, thumbprint });
    if (counter >= floor.securityCounter && unwraps >= floor.unwraps) return;
    const licensed = { licensedCounter: floor.securityCounter, licensedUnwraps: floor.unwraps };
    throw new Fault('recovery-below-licensed', { counter, unwraps, ...licensed });
  };
  const isWanted = isOfDevice(product, thumbprint);
  return { trust, jobId: noJob, covers: coversThing(subject), isWanted, check };
}

/** Whether the change is the newest is the signer's affair. */
function siteMatter(authority: Authority, product: string, subject: SiteCapSubject): Matter {
  const trust = requireProduct(authority, product);
  const isWanted = isOfSite(product, subject.site);
  return { trust, jobId: noJob, covers: coversThing(subject), isWanted, check: async () => undefined };
}

async function matterOf(authority: Authority, { product, jobId, subject }: ApprovedThing): Promise<Matter> {
  if (subject.kind === 'recovery') return recoveryMatter(authority, product, subject);
  if (subject.kind === 'site-cap') return siteMatter(authority, product, subject);
  return jobMatter(authority, jobId, subject);
}

/**
 * Keeps an approval; the same one again changes nothing. Throws `job-unknown`, `product-not-served`,
 * `approval-not-asked`, the faults of spec/approval.md section 3, `approval-repeated`, and
 * `recovery-below-licensed`.
 */
export async function giveApproval(
  authority: Authority,
  request: { approval: Bytes; delegation: Bytes; by: string },
): Promise<CallAnswer<'giveApproval'>> {
  const { crypto, store, clock } = authority;
  const shown = readApprovalUnverified(request.approval);
  const { jobId } = shown;
  const matter = await matterOf(authority, shown);
  const { trust, covers, isWanted, check } = matter;
  if (trust.approvalPolicy === undefined) throw new Fault('approval-not-asked', { product: trust.product });
  const approval = verifyOnce(crypto, trust, request);
  const { subject, digest: approvalDigest } = approval;
  const atMs = clock.nowMs();
  const { threshold } = trust.approvalPolicy;
  const { counting } = await approvalsOf(authority, { jobId }, trust, isWanted);
  const isKnown = counting.some(({ digest }) => equalBytes(digest, approvalDigest));
  if (!isKnown) {
    await check();
    // Its own faults, whatever others have signed: expired, of another number of approvers.
    const alone = countApprovers([approval], { threshold, jobId, atMs, covers: () => true });
    requireQuorum({ ...alone, needed: 1 }, { job: toHex(jobId), what: subject.kind });
    refuseRepeated(crypto, { approval, before: counting, atMs });
    if (counting.length >= mostApprovals)
      throw new Fault('approval-wrong', { what: 'job, which has too many' });
    const approver = crypto.sha256(approval.approverKey);
    await store.insertApproval(
      {
        ...{ approvalDigest, jobId, approval: request.approval, delegation: request.delegation },
        storedAtMs: atMs,
      },
      {
        timeMs: atMs,
        kind: 'approval-stored',
        fields: { job: jobId, approval: approvalDigest, about: subject.kind, approver, by: request.by },
      },
    );
  }
  const all = isKnown ? counting : [...counting, approval];
  const { given } = countApprovers(all, { threshold, jobId, atMs, covers });
  return { kind: subject.kind, given, needed: threshold };
}
