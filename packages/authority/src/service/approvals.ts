// Approvals (spec/approval.md): what an approver signs is verified and kept, and counted again before every
// license and everything else that needs one. How many have to sign is the root's word, in the configuration
// of the product; a product without that word asks for none, and an owner's token is enough.

import {
  countApprovers,
  coversOrder,
  coversPackage,
  coversThing,
  isReached,
  type OrderSubject,
  readApprovalUnverified,
  requireQuorum,
  type Subject,
  type VerifiedApproval,
  verifyApproval,
} from '@firmseal/approval';
import { type JobView, mostShownApprovals } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { ApprovalWord } from '../signer/issuing-signer.ts';
import type { ApprovalRecord, JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Authority, ProductTrust } from './authority.ts';

/** Verified before, by what was verified: under one configuration the answer stays the same. */
const verified = new WeakMap<ProductTrust, Map<string, VerifiedApproval>>();
const mostRemembered = 4096;

/** Under the configuration of the product. Throws `delegation-*`, `approval-*`. */
export function verifyOnce(
  crypto: Crypto,
  trust: ProductTrust,
  { approval, delegation }: { approval: Bytes; delegation: Bytes },
): VerifiedApproval {
  const known = verified.get(trust) ?? new Map<string, VerifiedApproval>();
  verified.set(trust, known);
  const key = toHex(crypto.sha256(crypto.sha256(approval), crypto.sha256(delegation)));
  const found = known.get(key);
  if (found !== undefined) return found;
  const { rootPublicKey, product, epoch } = trust;
  const fresh = verifyApproval(crypto, { approval, delegation }, { rootPublicKey, product, epoch });
  if (known.size >= mostRemembered) known.delete(known.keys().next().value!);
  known.set(key, fresh);
  return fresh;
}

/** What a question about approvals is answered from: an authority, or the signer with those of a request. */
interface Asking {
  readonly crypto: Crypto;
  readonly clock: { nowMs(): number };
  readonly products: ReadonlyMap<string, ProductTrust>;
  readonly store: Pick<Store, 'listApprovals'>;
}

/** The job as far as its approvers sign it. */
type OrderedJob = Pick<
  JobRecord,
  'jobId' | 'product' | 'quota' | 'mode' | 'accepts' | 'validUntilMs' | 'ledgerPolicy' | 'stations'
>;

interface Given {
  readonly counting: readonly VerifiedApproval[];
  /** Why rows of the store do not verify (any more). */
  readonly refused: readonly Fault[];
}

/** Approvals under a job id, each verified under the product's configuration. */
export async function approvalsOf(
  authority: Asking,
  { jobId }: Pick<JobRecord, 'jobId'>,
  trust: ProductTrust,
  isWanted: (row: ApprovalRecord) => boolean = () => true,
): Promise<Given> {
  const counting: VerifiedApproval[] = [];
  const refused: Fault[] = [];
  for (const row of await authority.store.listApprovals(jobId)) {
    if (row.ended || !isWanted(row)) continue;
    try {
      counting.push(verifyOnce(authority.crypto, trust, row));
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      refused.push(fault);
    }
  }
  return { counting, refused };
}

/** The job as its approvers sign it, without its packages. */
export const orderOf = (
  crypto: Pick<Crypto, 'sha256'>,
  { quota, mode, accepts, validUntilMs, ledgerPolicy, stations }: OrderedJob,
): Omit<OrderSubject, 'kind' | 'packages'> => ({
  ...{ quota, mode, accepts },
  ...(validUntilMs === undefined ? {} : { validUntilSeconds: Math.floor(validUntilMs / 1000) }),
  ...(ledgerPolicy ? { ledgerPolicy: crypto.sha256(ledgerPolicy) } : {}),
  ...(stations ? { stations } : {}),
});

interface Question {
  readonly what: string;
  readonly covers: (subject: Subject) => boolean;
}

const orderQuestion = (crypto: Pick<Crypto, 'sha256'>, job: OrderedJob): Question => ({
  what: 'the order',
  covers: coversOrder(orderOf(crypto, job)),
});

const packageQuestion = (manifestDigest: Bytes): Question => ({
  what: `package ${toHex(manifestDigest)}`,
  covers: coversPackage(manifestDigest),
});

/** Each question has its approvers. Throws `approvals-missing`, or why one that was given does not count. */
async function requireAnswers(
  authority: Asking,
  job: OrderedJob,
  questions: readonly Question[],
): Promise<void> {
  const trust = authority.products.get(job.product);
  const threshold = trust?.approvalPolicy?.threshold;
  if (trust === undefined || threshold === undefined) return;
  const { counting, refused } = await approvalsOf(authority, job, trust);
  const atMs = authority.clock.nowMs();
  for (const { what, covers } of questions) {
    const quorum = countApprovers(counting, { threshold, jobId: job.jobId, atMs, covers });
    requireQuorum(quorum, { job: toHex(job.jobId), what, others: refused });
  }
}

/** Before a license, or a unit of ST's installer, for which there is no package. Throws as requireAnswers. */
export const requireOrdered = (authority: Asking, job: OrderedJob, manifestDigest?: Bytes): Promise<void> =>
  requireAnswers(authority, job, [
    orderQuestion(authority.crypto, job),
    ...(manifestDigest === undefined ? [] : [packageQuestion(manifestDigest)]),
  ]);

/** The job and every package that it has. Throws as requireAnswers. */
export async function requireOrderedWhole(authority: Authority, job: JobRecord): Promise<void> {
  const packages = await authority.store.listPackages(job.jobId);
  const questions = packages.map(({ manifestDigest }) => packageQuestion(manifestDigest));
  await requireAnswers(authority, job, [orderQuestion(authority.crypto, job), ...questions]);
}

/** A void, an acknowledgement, a close. Throws as requireAnswers. */
export const requireSigned = (authority: Asking, job: OrderedJob, subject: Subject): Promise<void> =>
  requireAnswers(authority, job, [{ what: `the ${subject.kind}`, covers: coversThing(subject) }]);

function viewApproval(
  authority: Authority,
  job: JobRecord,
  row: ApprovalRecord,
): JobView['approvals'][number] {
  const trust = authority.products.get(job.product);
  const threshold = trust?.approvalPolicy?.threshold;
  const atMs = authority.clock.nowMs();
  let counts = false;
  let approver = authority.crypto.sha256(row.delegation);
  const shown = readApprovalUnverified(row.approval);
  try {
    if (trust !== undefined && threshold !== undefined) {
      const one = verifyOnce(authority.crypto, trust, row);
      approver = authority.crypto.sha256(one.approverKey);
      const { jobId } = job;
      const asked = { threshold, jobId, atMs, covers: () => true };
      counts = !row.ended && isReached({ ...countApprovers([one], asked), needed: 1 });
    }
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
  }
  return {
    ...{ kind: shown.subject.kind, approver, approvalDigest: row.approvalDigest, counts },
    issuedAtMs: shown.issuedAtSeconds * 1000,
    validUntilMs: shown.validUntilSeconds * 1000,
  };
}

/** The newest, but those of the order first: a job may have more voids than are shown. */
function shownOf(rows: readonly ApprovalRecord[]): readonly ApprovalRecord[] {
  if (rows.length <= mostShownApprovals) return rows;
  const isOfOrder = ({ ended, approval }: ApprovalRecord) =>
    !ended && readApprovalUnverified(approval).subject.kind === 'order';
  const shown = new Set(rows.filter(isOfOrder).slice(-mostShownApprovals / 2));
  for (const row of rows.toReversed()) if (shown.size < mostShownApprovals) shown.add(row);
  return rows.filter((row) => shown.has(row));
}

/** What `job show` says of approvals. */
export async function viewApprovals(
  authority: Authority,
  job: JobRecord,
): Promise<Pick<JobView, 'approvalsNeeded' | 'approvals'>> {
  const rows = await authority.store.listApprovals(job.jobId);
  return {
    approvalsNeeded: authority.products.get(job.product)?.approvalPolicy?.threshold ?? 0,
    approvals: shownOf(rows).map((row) => viewApproval(authority, job, row)),
  };
}

/** Those that count, as a signer is given them: it verifies them itself. */
export async function wordsFor({ store }: Pick<Authority, 'store'>, jobId: Bytes): Promise<ApprovalWord[]> {
  const rows = await store.listApprovals(jobId);
  return rows.filter(({ ended }) => !ended).map(({ approval, delegation }) => ({ approval, delegation }));
}
