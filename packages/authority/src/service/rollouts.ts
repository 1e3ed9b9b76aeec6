// Updates in the field (spec/rollout.md): how far a job of mode update is opened, when it halts by itself,
// and the origins of pages that may ask.

import type { JobView } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { digestOf, verifySigned } from '@firmseal/formats';
import { isInShare, receiptKind, rolloutPlace } from '@firmseal/license';
import type { JobRecord, LicenseRecord, RolloutRecord } from '../store/records.ts';
import type { Authority } from './authority.ts';

const usualHaltAbovePercent = 20;
/** Fewer say nothing about a rate. */
const leastCounted = 10;
const silentAfterMs = 3_600_000;

const startOf = (jobId: Bytes): RolloutRecord => ({
  ...{ jobId, percent: 0, halted: false, haltAbovePercent: usualHaltAbovePercent, origins: [] },
  countedFromMs: 0,
});

async function rolloutOf(authority: Authority, jobId: Bytes): Promise<RolloutRecord> {
  return (await authority.store.findRollout(jobId)) ?? startOf(jobId);
}

function requireUpdate(job: JobRecord): void {
  if (job.mode === 'update') return;
  throw new Fault('job-mode-wrong', { job: toHex(job.jobId), mode: job.mode, asked: 'update' });
}

async function keep(authority: Authority, rollout: RolloutRecord, by: string): Promise<void> {
  const { jobId: job, percent, halted, haltAbovePercent, origins } = rollout;
  const fields = { job, percent, halted, limit: haltAbovePercent, origins: origins.join(' '), by };
  const event = { timeMs: authority.clock.nowMs(), kind: 'rollout-set', fields } as const;
  await authority.store.setRollout(rollout, event);
  forgetSound(authority, job);
}

export interface RolloutChange {
  readonly percent?: number | undefined;
  readonly halted?: boolean | undefined;
  readonly haltAbovePercent?: number | undefined;
  readonly origins?: readonly string[] | undefined;
}

/**
 * A value that is left out keeps its setting. After a halt the counts start over. Throws
 * `job-mode-wrong`, `job-closed`.
 */
export async function changeRollout(
  authority: Authority,
  job: JobRecord,
  { change, by }: { change: RolloutChange; by: string },
): Promise<void> {
  requireUpdate(job);
  if (job.state === 'closed') throw new Fault('job-closed', { job: toHex(job.jobId) });
  const before = await rolloutOf(authority, job.jobId);
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const resumed = before.halted && change.halted === false;
  const countedFromMs = resumed ? authority.clock.nowMs() : before.countedFromMs;
  await keep(authority, { ...before, ...given, countedFromMs }, by);
}

const countsOf = (authority: Authority, { jobId, countedFromMs }: RolloutRecord) =>
  authority.store.countRollout({
    ...{ jobId, fromMs: countedFromMs },
    silentBeforeMs: authority.clock.nowMs() - silentAfterMs,
  });

/** Every license asks, and a count looks at every unit: one that is younger than this stands in for it. */
const countLifeMs = 5000;

/** When a job was found sound; forgotten when anything of it changes here. */
const foundSound = new WeakMap<Authority, Map<string, number>>();

function soundJobs(authority: Authority): Map<string, number> {
  const jobs = foundSound.get(authority) ?? new Map<string, number>();
  foundSound.set(authority, jobs);
  return jobs;
}

const forgetSound = (authority: Authority, jobId: Bytes): void =>
  void soundJobs(authority).delete(toHex(jobId));

/** Halts a job in which too many fail. Throws `rollout-halted`. */
async function haltIfFailing(authority: Authority, rollout: RolloutRecord): Promise<void> {
  const [sound, job, atMs] = [soundJobs(authority), toHex(rollout.jobId), authority.clock.tickMs()];
  if (atMs - (sound.get(job) ?? Number.NEGATIVE_INFINITY) < countLifeMs) return;
  const { installed, failed, silent } = await countsOf(authority, rollout);
  const [bad, all] = [failed + silent, installed + failed + silent];
  if (all < leastCounted || bad * 100 <= rollout.haltAbovePercent * all) {
    sound.set(job, atMs);
    return;
  }
  await keep(authority, { ...rollout, halted: true }, 'authority');
  throw new Fault('rollout-halted', { job: toHex(rollout.jobId) });
}

/**
 * Before a license of a job of mode update; others pass. A device that has its unit is in. Throws
 * `rollout-halted`, `rollout-waits`.
 */
export async function requireOpenTo(authority: Authority, job: JobRecord, thumbprint: Bytes): Promise<void> {
  if (job.mode !== 'update') return;
  const { jobId } = job;
  const rollout = await rolloutOf(authority, jobId);
  if (rollout.halted) throw new Fault('rollout-halted', { job: toHex(jobId) });
  await haltIfFailing(authority, rollout);
  const held = await authority.store.findUnit(jobId, thumbprint);
  if (held && !held.voided) return;
  const { percent } = rollout;
  if (!isInShare(rolloutPlace(authority.crypto, jobId, thumbprint), percent))
    throw new Fault('rollout-waits', { job: toHex(jobId), percent });
}

/** A device says that it gave the update up; its signature was verified by the caller up to the result. */
export async function noteFailure(
  authority: Authority,
  license: LicenseRecord,
  { receipt, signingKey }: { receipt: Bytes; signingKey: Bytes },
): Promise<void> {
  const { crypto, store, clock } = authority;
  const { jobId, unitIndex } = license;
  const object = verifySigned(crypto, receipt, { kind: receiptKind, publicKey: signingKey });
  const receiptDigest = digestOf(crypto, object);
  const storedAtMs = clock.nowMs();
  const fields = { job: jobId, unit: unitIndex, receipt: receiptDigest };
  const event = { timeMs: storedAtMs, kind: 'update-failed', fields } as const;
  await store.insertFailure({ receiptDigest, jobId, unitIndex, receipt, storedAtMs }, event);
  forgetSound(authority, jobId);
}

export async function viewRollout(authority: Authority, job: JobRecord): Promise<Pick<JobView, 'rollout'>> {
  if (job.mode !== 'update') return {};
  const rollout = await rolloutOf(authority, job.jobId);
  const { percent, halted, haltAbovePercent, origins } = rollout;
  const counts = await countsOf(authority, rollout);
  return { rollout: { percent, halted, haltAbovePercent, origins: [...origins], ...counts } };
}

/** Whether a page of this origin may ask under the job. */
export async function allowsOrigin(authority: Authority, jobId: Bytes, origin: string): Promise<boolean> {
  return (await authority.store.findRollout(jobId))?.origins.includes(origin) === true;
}
