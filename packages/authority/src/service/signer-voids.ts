// The signer counts chips by itself. Where its quota is full and the database has room, units were voided
// that it was not told of: it is told then, and asked again.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ApprovalWord } from '../signer/issuing-signer.ts';
import { termsOf } from '../signer/job-terms.ts';
import type { JobRecord } from '../store/records.ts';
import { wordsFor } from './approvals.ts';
import type { Authority } from './authority.ts';

const unitsAtOnce = 100;

/** Throws what IssuingSigner.voidUnit does. */
export async function tellVoid(
  authority: Authority,
  job: JobRecord,
  unit: { unitIndex: number; thumbprint: Bytes; reason: string },
): Promise<void> {
  const approvals = await wordsFor(authority, job.jobId);
  await authority.signer.voidUnit({ job: termsOf(job), approvals, ...unit });
}

async function tellVoids(authority: Authority, job: JobRecord): Promise<void> {
  const { jobId } = job;
  for (let from = 0; ; ) {
    const units = await authority.store.listUnits(jobId, { from, limit: unitsAtOnce });
    for (const { unitIndex, thumbprint, voided } of units)
      if (voided) await tellVoid(authority, job, { unitIndex, thumbprint, reason: voided.reason });
    const last = units.at(-1);
    if (last === undefined || units.length < unitsAtOnce) return;
    from = last.unitIndex + 1;
  }
}

/** Asks the signer with the approvals of the job, a second time where voids made room. */
export async function askCounted<T>(
  authority: Authority,
  job: JobRecord,
  ask: (approvals: readonly ApprovalWord[]) => Promise<T>,
): Promise<T> {
  const approvals = await wordsFor(authority, job.jobId);
  try {
    return await ask(approvals);
  } catch (fault) {
    if (!(fault instanceof Fault && fault.code === 'signer-quota-exhausted')) throw fault;
    await tellVoids(authority, job);
    return ask(approvals);
  }
}
