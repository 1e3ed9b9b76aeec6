// The last step before a license leaves: its entry is published, and cosigned as the settings of the ledger
// and the policy of its job ask for. A ledger that waits for nobody holds up no license of a job without one.

import type { JobView } from '@firmseal/authority-contract';
import { type Bytes, toHex, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  decodeLedgerPolicy,
  encodeLedgerPolicy,
  type LedgerPolicyTexts,
  type LedgerTrust,
  textsOfLedgerPolicy,
} from '@firmseal/ledger';
import type { Authority } from './authority.ts';

/** For the record of a job. Throws `ledger-policy-malformed`, `note-key-malformed`, `job-ledger-unfit`. */
export function openLedgerPolicy(
  { crypto, ledger }: Authority,
  texts: LedgerPolicyTexts | undefined,
): { ledgerPolicy?: Bytes } {
  if (texts === undefined) return {};
  const ledgerPolicy = encodeLedgerPolicy(crypto, texts);
  const policy = decodeLedgerPolicy(crypto, ledgerPolicy);
  if (ledger === undefined) throw new Fault('job-ledger-unfit', { problem: 'it publishes no ledger' });
  const problem = ledger.lackOf(policy);
  if (problem !== undefined) throw new Fault('job-ledger-unfit', { problem });
  return { ledgerPolicy };
}

export function viewLedgerPolicy(bytes: Bytes): NonNullable<JobView['ledgerPolicy']> {
  const { log, witnesses, least } = textsOfLedgerPolicy(bytes);
  return { log, witnesses: [...witnesses], least };
}

/** A job keeps its policy, so it is read from the store once. */
const known = new WeakMap<Authority, Map<string, LedgerTrust | null>>();
const mostKnown = 4096;

async function policyOf(authority: Authority, jobId: Bytes): Promise<LedgerTrust | undefined> {
  const policies = known.get(authority) ?? new Map<string, LedgerTrust | null>();
  known.set(authority, policies);
  const name = toHex(jobId);
  const found = policies.get(name);
  if (found !== undefined) return found ?? undefined;
  const ledgerPolicy = (await authority.store.findJob(jobId))?.ledgerPolicy;
  const policy = ledgerPolicy && decodeLedgerPolicy(authority.crypto, ledgerPolicy);
  if (policies.size >= mostKnown) policies.delete(policies.keys().next().value!);
  policies.set(name, policy ?? null);
  return policy;
}

interface Logged {
  readonly logSequence: number;
}

/** Throws what Ledger.prove does, and `job-ledger-unfit` where the ledger of the job is gone. */
export async function releaseWithProof(
  authority: Authority,
  jobId: Bytes,
  { logSequence }: Logged,
): Promise<{ proof?: Bytes }> {
  const { ledger } = authority;
  const policy = await policyOf(authority, jobId);
  if (policy === undefined) return ledger?.isAwaited ? { proof: utf8(await ledger.prove(logSequence)) } : {};
  const problem = ledger === undefined ? 'it publishes no ledger' : ledger.lackOf(policy);
  if (ledger === undefined || problem !== undefined)
    throw new Fault('job-ledger-unfit', { problem: problem ?? '' });
  return { proof: utf8(await ledger.prove(logSequence, policy)) };
}

/** The same for licenses that leave together: the newest entry is published with all before it. */
export async function releaseTogether(
  authority: Authority,
  jobId: Bytes,
  licenses: readonly Logged[],
): Promise<void> {
  if (licenses.length === 0) return;
  const logSequence = Math.max(...licenses.map((license) => license.logSequence));
  await releaseWithProof(authority, jobId, { logSequence });
}
