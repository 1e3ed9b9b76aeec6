// Challenges that a chip answers in its hello or its receipt: 32 random bytes, stored, for one job and
// one purpose, for a short time. One can be answered more than once: what counts is that the answer is
// young. A repeat of the same answer finds the same license or receipt again (licensing.ts,
// receipts.ts) and spends nothing.

import type { ChallengePurpose } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { ChallengeRecord } from '../store/records.ts';
import { type Authority, requireApproved } from './authority.ts';
import { requireJob } from './jobs.ts';

const challengeSizeBytes = 32;

/**
 * A new challenge. For a hello the job must be approved. Throws `job-unknown`,
 * `job-not-approved`, `job-closed`.
 */
export async function giveChallenge(
  authority: Authority,
  jobId: Bytes,
  purpose: ChallengePurpose,
): Promise<Bytes> {
  const job = await requireJob(authority, jobId);
  if (purpose === 'hello') requireApproved(job, toHex(jobId));
  const challenge = authority.crypto.randomBytes(challengeSizeBytes);
  const createdAtMs = authority.clock.tickMs();
  const expiresAtMs = createdAtMs + authority.challengeLifeMs;
  await authority.store.insertChallenge({ challenge, jobId, purpose, createdAtMs, expiresAtMs });
  return challenge;
}

/** The challenge. Throws `challenge-unknown`: not given here, for this job and purpose, or expired. */
export async function requireChallenge(
  authority: Authority,
  key: { challenge: Bytes; jobId: Bytes; purpose: ChallengePurpose },
): Promise<ChallengeRecord> {
  const found = await authority.store.findChallenge({ ...key, nowMs: authority.clock.tickMs() });
  if (!found) throw new Fault('challenge-unknown');
  return found;
}
