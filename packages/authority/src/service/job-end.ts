// The certificate of a job's end (spec/approval.md section 4): made when the job is closed, kept, and
// given to whoever may read the job.

import { verifyJobEnd } from '@firmseal/approval';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { termsOf } from '../signer/job-terms.ts';
import type { JobRecord } from '../store/records.ts';
import { wordsFor } from './approvals.ts';
import { type Authority, requireProduct } from './authority.ts';

/** Signs and keeps the certificate of a closed job, unless it has one. Throws `product-not-served`. */
export async function certifyEnd(authority: Authority, job: JobRecord): Promise<void> {
  const { crypto, store, clock } = authority;
  const { jobId, product } = job;
  if (await store.findJobEnd(jobId)) return;
  const trust = requireProduct(authority, product);
  const { units, voided, licenses, installed } = await store.countJob(jobId);
  const atMs = clock.nowMs();
  const counts = { units, voided, licenses, installed };
  const approvals = await wordsFor(authority, jobId);
  const end = await authority.signer.endJob({ job: termsOf(job), approvals, counts });
  const { issuerDelegation: delegation, rootPublicKey, epoch } = trust;
  const { digest: endDigest } = verifyJobEnd(crypto, { end, delegation }, { rootPublicKey, product, epoch });
  await store.insertJobEnd(
    { jobId, endDigest, end, delegation },
    { timeMs: atMs, kind: 'job-certified', fields: { job: jobId, end: endDigest } },
  );
}

/** Throws `job-unknown`, `job-end-missing`. */
export async function fetchJobEnd(
  authority: Authority,
  jobId: Bytes,
): Promise<{ end: Bytes; delegation: Bytes }> {
  const found = await authority.store.findJobEnd(jobId);
  if (found) return { end: found.end, delegation: found.delegation };
  const job = await authority.store.findJob(jobId);
  if (!job) throw new Fault('job-unknown', { job: toHex(jobId) });
  if (job.state !== 'closed') throw new Fault('job-end-missing', { job: toHex(jobId) });
  await certifyEnd(authority, job);
  return fetchJobEnd(authority, jobId);
}
