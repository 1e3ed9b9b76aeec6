// The warning that few units of a job are left: logged once a job, and told to whoever runs the authority. A
// warning holds up no license.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { JobRecord } from '../store/records.ts';
import type { Authority } from './authority.ts';

/** Where an owner says nothing: a tenth of the quota, rounded down. 0, of a small one: no warning. */
export const usualFewUnits = (quota: number): number => Math.floor(quota / 10);

type Facts = Pick<JobRecord, 'product' | 'quota' | 'fewUnits'>;

/** A job keeps them; undefined once the warning was given. */
const known = new WeakMap<Authority, Map<string, Facts | undefined>>();
const mostKnown = 4096;

async function factsOf(authority: Authority, jobId: Bytes): Promise<Facts | undefined> {
  const facts = known.get(authority) ?? new Map<string, Facts | undefined>();
  known.set(authority, facts);
  const name = toHex(jobId);
  if (facts.has(name)) return facts.get(name);
  const job = await authority.store.findJob(jobId);
  if (facts.size >= mostKnown) facts.delete(facts.keys().next().value!);
  facts.set(name, job);
  return job;
}

interface Taken {
  readonly unitIndex: number;
  readonly newUnit: boolean;
}

/**
 * After units were taken. Indexes are dense, so one that is low says that there are many left: only the last
 * units of a job ask the store. What the store refuses is left to the next unit.
 */
export async function warnIfFew(authority: Authority, jobId: Bytes, taken: readonly Taken[]): Promise<void> {
  const highest = Math.max(-1, ...taken.filter((one) => one.newUnit).map((one) => one.unitIndex));
  if (highest < 0) return;
  const { store, clock, onFewUnits } = authority;
  try {
    const facts = await factsOf(authority, jobId);
    if (facts === undefined || facts.fewUnits === 0 || highest + 1 < facts.quota - facts.fewUnits) return;
    const { product, quota } = facts;
    const timeMs = clock.nowMs();
    const remaining = await store.noteFewUnits(jobId, (left) => ({
      ...{ timeMs, kind: 'units-few', fields: { job: jobId, remaining: left, quota } },
    }));
    if (remaining === undefined) return;
    known.get(authority)?.set(toHex(jobId), undefined);
    onFewUnits?.({ job: jobId, product, remaining, quota });
  } catch {
    // The license stands, whatever became of the warning.
  }
}
