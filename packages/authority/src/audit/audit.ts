// The audit: log chain, every license signature, units against the quota, every receipt against its license,
// the tables against the log. It works on evidence alone, so an auditor can run it without trusting the
// authority's program. What it cannot see without a head noted earlier: a database that was replaced as a
// whole by an older or another consistent one.

import { equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { emptyHead, type LogHead, type LogRow, verifyLogChain } from '../log/entry.ts';
import { auditJob, type JobSummary } from './audit-job.ts';
import type { Evidence } from './evidence.ts';
import type { AuditTrust, Finding } from './finding.ts';
import { replayLog } from './logged-state.ts';

export interface AuditResult {
  /** No finding. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly jobs: readonly JobSummary[];
  /** To be noted, and given as `known` to the next audit. */
  readonly head: LogHead;
}

function auditHeads(log: readonly LogRow[], known: readonly LogHead[]): Finding[] {
  return known.flatMap(({ size, head }): Finding[] => {
    const subject = `the first ${size} entries`;
    if (log.length < size) {
      const detail = `the log has ${log.length} entries; ${size} were noted earlier`;
      return [{ code: 'log-shortened', subject, detail }];
    }
    const present = size === 0 ? emptyHead : log[size - 1]!.head;
    if (equalBytes(present, head)) return [];
    return [{ code: 'log-forked', subject, detail: 'the head differs from the one that was noted earlier' }];
  });
}

/**
 * Audits evidence. `known`: heads that the auditor noted earlier; only they reveal a replaced database.
 * Faults in the evidence are findings; nothing is thrown for them.
 */
export async function audit(
  crypto: Crypto,
  evidence: Evidence,
  trust: { products: ReadonlyMap<string, AuditTrust>; known?: readonly LogHead[] },
): Promise<AuditResult> {
  const { log, jobs } = evidence;
  const findings: Finding[] = verifyLogChain(crypto, log).map(({ sequence, problem }) => ({
    code: 'log-broken',
    subject: `entry ${sequence}`,
    detail: `the chain breaks: ${problem}`,
  }));
  findings.push(...auditHeads(log, trust.known ?? []));
  const logged = replayLog(log);
  for (const { sequence, detail } of logged.contradictions)
    findings.push({ code: 'log-contradictory', subject: `entry ${sequence}`, detail });
  for (const { sequence, reason, license } of logged.alarms)
    findings.push({ code: 'alarm', subject: `entry ${sequence}`, detail: `${reason}: license ${license}` });

  const summaries: JobSummary[] = [];
  for (const item of jobs) {
    const job = toHex(item.job.jobId);
    const result = await auditJob(crypto, item, {
      logged: logged.jobs.get(job),
      trust: trust.products.get(item.job.product),
    });
    findings.push(...result.findings);
    summaries.push(result.summary);
    logged.jobs.delete(job);
  }
  for (const job of logged.jobs.keys())
    findings.push({ code: 'row-missing', job, subject: `job ${job}`, detail: 'the log tells of this job' });
  const last = log.at(-1);
  const head = last ? { size: log.length, head: last.head } : { size: 0, head: emptyHead };
  return { ok: findings.length === 0, findings, jobs: summaries, head };
}
