// Whether enough approvers have signed: spec/approval.md section 3, steps 4 to 7. The authority asks before
// every license, and the audit asks again for every license that was issued.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { VerifiedApproval } from './approval.ts';
import { type OrderSubject, type Subject, subjectInput } from './subject.ts';

export interface Asked {
  /** As the root says. */
  readonly threshold: number;
  readonly jobId: Bytes;
  /** When it has to hold. */
  readonly atMs: number;
  /** Whether an approval is about what is asked for. */
  readonly covers: (subject: Subject) => boolean;
}

const sameItems = (a: Subject, b: Subject): boolean =>
  a.kind === b.kind && JSON.stringify(textOf(a)) === JSON.stringify(textOf(b));

const textOf = (subject: Subject): unknown =>
  [subjectInput(subject)].flat(3).map((item) => (item instanceof Uint8Array ? toHex(item) : item));

/** An order covers a job whatever packages it names: each package is asked for by itself. */
export const coversOrder =
  (job: Omit<OrderSubject, 'kind' | 'packages'>) =>
  (subject: Subject): boolean =>
    subject.kind === 'order' &&
    sameItems({ ...subject, packages: [] }, { ...job, kind: 'order', packages: [] });

/** By an order that names it, or by an approval of its own. */
export const coversPackage =
  (manifestDigest: Uint8Array) =>
  (subject: Subject): boolean =>
    subject.kind === 'order'
      ? subject.packages.some((one) => equalBytes(one, manifestDigest))
      : subject.kind === 'package' && equalBytes(subject.manifestDigest, manifestDigest);

/** Exactly this void, acknowledgement, close, recovery or cap of a site. */
export const coversThing =
  (thing: Subject) =>
  (subject: Subject): boolean =>
    sameItems(subject, thing);

export interface Quorum {
  /** Approvers that count, each once. */
  readonly given: number;
  readonly needed: number;
  /** Why others that speak of it do not count, the first of each. */
  readonly refused: readonly Fault[];
}

/** Throws `approval-wrong`, `approval-expired`. */
function requireCounts(approval: VerifiedApproval, { threshold, jobId, atMs }: Asked): void {
  if (!equalBytes(approval.jobId, jobId)) throw new Fault('approval-wrong', { what: 'job' });
  if (approval.threshold !== threshold) throw new Fault('approval-wrong', { what: 'number of approvers' });
  const endsMs = (approval.validUntilSeconds + 1) * 1000;
  if (atMs >= endsMs)
    throw new Fault('approval-expired', { until: new Date(approval.validUntilSeconds * 1000).toISOString() });
}

/** Counts approvers for what is asked: each key once, and only what holds. */
export function countApprovers(approvals: readonly VerifiedApproval[], asked: Asked): Quorum {
  const keys = new Set<string>();
  const refused = new Map<string, Fault>();
  const refuse = (fault: Fault) => refused.has(fault.code) || refused.set(fault.code, fault);
  for (const approval of approvals) {
    if (!asked.covers(approval.subject)) continue;
    try {
      requireCounts(approval, asked);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      refuse(fault);
      continue;
    }
    const key = toHex(approval.approverKey);
    if (keys.has(key)) refuse(new Fault('approval-repeated', { approver: key.slice(2, 18) }));
    keys.add(key);
  }
  return { given: keys.size, needed: asked.threshold, refused: [...refused.values()] };
}

export const isReached = ({ given, needed }: Quorum): boolean => given >= needed;

/**
 * Throws why one that was given does not count (`approval-expired`, `approval-wrong`, `approval-repeated`, or
 * one of `others`), else `approvals-missing`.
 */
export function requireQuorum(
  quorum: Quorum,
  { job, what, others = [] }: { job: string; what: string; others?: readonly Fault[] },
): void {
  if (isReached(quorum)) return;
  const [reason] = [...quorum.refused, ...others];
  if (reason !== undefined) throw reason;
  throw new Fault('approvals-missing', { job, what, given: quorum.given, needed: quorum.needed });
}
