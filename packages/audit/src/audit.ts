// The audit: log chain, every license signature, units against the quota, every receipt against its license,
// the tables against the log. It works on evidence alone, line by line, so an auditor can run it without
// trusting the authority's program, from a file as well. What it cannot see without a head noted earlier: a
// database that was replaced as a whole by an older or another consistent one.

import { noJob } from '@firmseal/approval';
import { decodeEvidenceLine, type EvidenceLine } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { verifyIdentityOf } from '@firmseal/certificate';
import { type Crypto, rememberVerified } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type ChainBreak, type DecodedLogEntry, LogChain, type LogHead } from '@firmseal/ledger';
import type { OutcomeFile } from '@firmseal/station';
import { clockNotice, clockStepNotice } from './clock-notice.ts';
import { demand } from './demand.ts';
import type { UnitScope } from './earlier-units.ts';
import { type Finding, mostCounted, mostFindings, type Notice } from './findings.ts';
import { JobAudit } from './job-audit.ts';
import type { AuditedInstall, InstallObjects, JobSummary } from './job-summary.ts';
import { LoggedState } from './logged-state.ts';
import { RecoveryAudit } from './recovery-audit.ts';
import { auditRestore } from './restore-audit.ts';
import type { AuditedOutcome } from './station-audit.ts';
import type { AuditTrust } from './trust.ts';

export interface AuditResult {
  /** No finding. */
  readonly ok: boolean;
  /** The first of them; `findingCount` counts all. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  readonly notices: readonly Notice[];
  readonly jobs: readonly JobSummary[];
  /** Records of identities that verified. */
  readonly identityCount: number;
  /** To be noted, and given as `known` to the next audit. */
  readonly head: LogHead;
}

export interface AuditOptions {
  readonly products: ReadonlyMap<string, AuditTrust>;
  /** Heads that the auditor noted earlier; only they reveal a replaced database. */
  readonly known?: readonly LogHead[];
  /** The auditor's clock, which the authority's is compared with. */
  readonly nowMs?: number;
  /** Told what was installed where, in the order of the evidence. */
  readonly onInstall?: (install: AuditedInstall, objects: InstallObjects) => void;
  /** Told what stations say without proof, in the order of the evidence. */
  readonly onStated?: (outcome: AuditedOutcome, file: OutcomeFile) => void;
}

/**
 * Audits lines of evidence (GET /v1/export, or a file of it). Faults in the evidence are findings; nothing is
 * thrown for them, only what the lines themselves throw while they are fetched.
 */
export async function audit(
  crypto: Crypto,
  lines: AsyncIterable<string> | Iterable<string>,
  options: AuditOptions,
): Promise<AuditResult> {
  const run = new Audit(rememberVerified(crypto), options);
  for await (const line of lines) if (!run.addLine(line)) break;
  return run.end();
}

/** The audit while its lines come in: for those who make lines of what it has read so far. */
export class Audit {
  readonly #crypto: Crypto;
  readonly #options: AuditOptions;
  readonly #findings: Finding[] = [];
  #findingCount = 0;
  #identityCount = 0;
  readonly #notices: Notice[] = [];
  readonly #chain: LogChain;
  readonly #logged: LoggedState;
  readonly #met = new Set<string>();
  readonly #unaudited = new Set<string>();
  readonly #jobs: JobSummary[] = [];
  readonly #recoveries: RecoveryAudit;
  #scopeOf: (job: string, unit: number) => UnitScope = () => 'now';
  #claimed: LogHead | undefined;
  #job: JobAudit | undefined;
  #lines = 0;
  #ended = false;

  constructor(crypto: Crypto, options: AuditOptions) {
    this.#crypto = crypto;
    this.#logged = new LoggedState(crypto);
    this.#options = options;
    this.#chain = new LogChain(crypto);
    this.#recoveries = new RecoveryAudit({
      ...{ crypto, products: options.products, logged: this.#logged },
      report: (finding) => this.#report(finding),
      notice: (notice) => this.#notices.push(notice),
    });
    this.#compareHeads(); // heads of the empty log
  }

  /** What the log lines said so far. */
  get logged(): LoggedState {
    return this.#logged;
  }

  /** Of the entries so far. */
  get head(): LogHead {
    return this.#chain.head;
  }

  get findingCount(): number {
    return this.#findingCount;
  }

  notice(notice: Notice): void {
    this.#notices.push(notice);
  }

  /** Of jobs that have one, by their ids. */
  readonly ledgerPolicies = new Map<string, Bytes>();

  /** A contradiction that was met outside of the lines. */
  report(finding: Finding): void {
    this.#report(finding);
  }

  /** False when further lines are not worth reading: a file without end ends here. */
  addLine(text: string): boolean {
    return this.#attemptLine((number) => decodeEvidenceLine(text, number));
  }

  /** The same for a line that was made here. */
  addMade(line: EvidenceLine): boolean {
    return this.#attemptLine(() => line);
  }

  /**
   * The next entry of the log, by whoever has computed its leaf himself, instead of its line; what it says.
   * False: no further ones are worth reading.
   */
  addEntry(entry: {
    salt: Uint8Array;
    entry: Uint8Array;
    leaf: Uint8Array;
  }): DecodedLogEntry | false | undefined {
    const { decoded, breaks } = this.#chain.addEntry(entry);
    this.#follow(decoded, breaks);
    return this.#isWorthwhile && decoded;
  }

  /** Rows come of those units alone that are `now`; `earlier` ones are counted by the log. */
  limit(scopeOf: (job: string, unit: number) => UnitScope): void {
    this.#scopeOf = scopeOf;
  }

  get #isWorthwhile(): boolean {
    return this.#findingCount + this.#logged.contradictions.length < mostCounted;
  }

  #attemptLine(lineOf: (number: number) => EvidenceLine): boolean {
    const number = ++this.#lines;
    try {
      this.#add(lineOf(number));
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.#report({ code: 'evidence-malformed', subject: `line ${number}`, detail });
    }
    if (this.#isWorthwhile) return true;
    const detail = `they were not read: there were ${mostCounted} contradictions before them`;
    this.#report({ code: 'evidence-malformed', subject: `the lines after line ${number}`, detail });
    return false;
  }

  #add(line: EvidenceLine): void {
    const malformed = (problem: string) => new Fault('evidence-malformed', { line: this.#lines, problem });
    if (this.#ended) throw malformed('it follows the last line');
    if ((line.kind === 'head') !== (this.#lines === 1)) throw malformed(`${line.kind} is out of place`);
    switch (line.kind) {
      case 'head':
        this.#begin(line);
        break;
      case 'end':
        this.#finish(line.lines);
        break;
      case 'log':
        this.#addLog(line);
        break;
      case 'identity':
        this.#addIdentity(line);
        break;
      case 'job':
        this.#beginJob(line);
        break;
      default:
        this.#addRow(line);
    }
  }

  #addRow(line: Exclude<EvidenceLine, { kind: 'head' | 'log' | 'identity' | 'job' | 'end' }>): void {
    if (line.kind === 'approval' && equalBytes(line.job, noJob)) {
      this.#recoveries.add(line);
      return;
    }
    const job = this.#job;
    if (job === undefined || toHex(line.job) !== job.name)
      throw new Fault('evidence-malformed', { line: this.#lines, problem: 'it does not follow its job' });
    if (line.kind === 'package') job.addPackage(line);
    else if (line.kind === 'approval') job.addApproval(line);
    else if (line.kind === 'ending') job.addEnding(line);
    else if (line.kind === 'unit') job.addUnit(line);
    else if (line.kind === 'license') job.addLicense(line);
    else if (line.kind === 'receipt') job.addReceipt(line);
    else if (line.kind === 'request') job.addRequest(line);
    else job.addOutcome(line);
  }

  #begin({ size, head, atMs }: EvidenceLine & { kind: 'head' }): void {
    this.#claimed = { size, head };
    const { nowMs } = this.#options;
    const notice = nowMs === undefined ? undefined : clockNotice(atMs - nowMs);
    if (notice) this.#notices.push(notice);
  }

  #addLog(row: EvidenceLine & { kind: 'log' }): void {
    const { decoded, breaks } = this.#chain.addRow(row);
    this.#follow(decoded, breaks);
  }

  #follow(decoded: DecodedLogEntry | undefined, breaks: readonly ChainBreak[]): void {
    for (const { sequence, problem } of breaks)
      this.#report({
        code: 'log-broken',
        subject: `entry ${sequence}`,
        detail: `the chain breaks: ${problem}`,
      });
    const { size, head } = this.#chain.head;
    this.#logged.add(size - 1, decoded, head);
    this.#compareHeads();
  }

  /** Each noted head is compared when the log has reached its length. */
  #compareHeads(): void {
    const { known = [] } = this.#options;
    if (known.length === 0) return;
    const present = this.#chain.head;
    for (const { size, head } of known) {
      if (size !== present.size || equalBytes(head, present.head)) continue;
      const detail = 'the head differs from the one that was noted earlier';
      this.#report({ code: 'log-forked', subject: `the first ${size} entries`, detail });
    }
  }

  /** What a site let go, by the record that its device CA signed; the log tells of each, and of no other. */
  #addIdentity(line: EvidenceLine & { kind: 'identity' }): void {
    const digest = toHex(line.recordDigest);
    const subject = `record ${digest}`;
    const found = this.#logged.identities.meet(line.recordDigest);
    const text = (of: { product: string; thumbprint: Uint8Array }) =>
      `${of.product}, device ${toHex(of.thumbprint)}`;
    const row = text(line);
    if (found === undefined || found.again)
      this.#report({
        code: 'row-unlogged',
        subject,
        detail: 'the log does not tell of it, or it comes twice',
      });
    else if (row !== text(found))
      this.#report({ code: 'row-differs', subject, detail: `the log says ${text(found)}, the row ${row}` });
    const trust = this.#options.products.get(line.product);
    if (trust === undefined) {
      this.#unaudited.add(line.product);
      return;
    }
    try {
      const verified = verifyIdentityOf(this.#crypto, line.record, trust);
      demand(toHex(verified.digest) === digest, 'the row has another digest than the record');
      demand(equalBytes(verified.device.thumbprint, line.thumbprint), 'the record is of another device');
      this.#identityCount++;
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.#report({ code: 'identity-invalid', subject, detail });
    }
  }

  #beginJob(line: EvidenceLine & { kind: 'job' }): void {
    this.#endJob();
    const job = toHex(line.job);
    const { products, onInstall, onStated } = this.#options;
    const trust = products.get(line.product);
    if (trust === undefined) this.#unaudited.add(line.product);
    if (this.#met.has(job))
      this.#report({ code: 'row-unlogged', job, subject: `job ${job}`, detail: 'it comes a second time' });
    this.#met.add(job);
    if (line.ledgerPolicy) this.ledgerPolicies.set(job, line.ledgerPolicy);
    this.#job = new JobAudit(line, {
      crypto: this.#crypto,
      logged: this.#logged.jobs.get(job),
      trust,
      alarms: this.#logged.alarms,
      report: (code, subject, detail) => this.#report({ code, job, subject, detail }),
      notice: (notice) => this.#notices.push(notice),
      onInstall: onInstall ?? (() => undefined),
      onStated: onStated ?? (() => undefined),
      scopeOf: (unit) => this.#scopeOf(job, unit),
    });
  }

  #endJob(): void {
    if (this.#job !== undefined) this.#jobs.push(this.#job.end());
    this.#job = undefined;
  }

  #finish(lines: number): void {
    this.#ended = true;
    this.#endJob();
    if (lines !== this.#lines - 1)
      throw new Fault('evidence-malformed', {
        line: this.#lines,
        problem: `it counts ${lines} lines, and ${this.#lines - 1} came`,
      });
  }

  end(): AuditResult {
    this.#endJob();
    this.#auditWhole();
    for (const job of this.#logged.jobs.keys())
      if (!this.#met.has(job)) {
        const detail = 'the log tells of this job';
        this.#report({ code: 'row-missing', job, subject: `job ${job}`, detail });
      }
    for (const digest of this.#logged.identities.unmet())
      this.#report({ code: 'row-missing', subject: `record ${digest}`, detail: 'the log tells of it' });
    this.#auditLog();
    const ok = this.#findingCount === 0;
    const { head } = this.#chain;
    const [findings, notices, jobs] = [this.#findings, this.#notices, this.#jobs];
    const identityCount = this.#identityCount;
    return { ok, findings, findingCount: this.#findingCount, notices, jobs, identityCount, head };
  }

  /** The evidence as a whole: its beginning, its end, and how long the log is. */
  #auditWhole(): void {
    const { size, head } = this.#chain.head;
    const log = (code: Finding['code'], subject: string, detail: string) =>
      this.#report({ code, subject, detail });
    if (!this.#ended) log('evidence-malformed', 'the last line', 'the evidence ends before it');
    const claimed = this.#claimed;
    if (claimed && (claimed.size !== size || !equalBytes(claimed.head, head)))
      log(
        'log-broken',
        'the head',
        `the authority names a head after ${claimed.size} entries that is not theirs`,
      );
    if (size === 0) log('log-empty', 'the log', 'an authority has at least the entry of its first token');
    const known = this.#options.known ?? [];
    for (const noted of known)
      if (noted.size > size) {
        const detail = `the log has ${size} entries; ${noted.size} were noted earlier`;
        log('log-shortened', `the first ${noted.size} entries`, detail);
      }
    if (known.length === 0)
      this.#notices.push({
        code: 'head-unknown',
        detail: 'no head of an earlier audit was given: whether the log was replaced could not be seen',
      });
  }

  #auditLog(): void {
    const { contradictions, alarms, restores, clockSteps, sites } = this.#logged;
    for (const { sequence, detail } of contradictions)
      this.#report({ code: 'log-contradictory', subject: `entry ${sequence}`, detail });
    for (const { sequence, reason, license, acknowledged } of alarms.values()) {
      const detail = `${reason}: license ${license}`;
      if (acknowledged)
        this.#notices.push({ code: 'alarm-acknowledged', detail: `entry ${sequence}: ${detail}` });
      else this.#report({ code: 'alarm', subject: `entry ${sequence}`, detail });
    }
    for (const restore of restores) {
      const { notice, findings } = auditRestore(this.#crypto, restore, this.#options.products);
      this.#notices.push(notice);
      for (const finding of findings) this.#report(finding);
    }
    for (const { sequence, detail } of sites.excesses)
      this.#report({ code: 'site-cap-exceeded', subject: `entry ${sequence}`, detail });
    for (const detail of sites.summaries) this.#notices.push({ code: 'site-certified', detail });
    this.#recoveries.end();
    for (const step of clockSteps) this.#notices.push(clockStepNotice(step));
    for (const product of this.#unaudited)
      this.#notices.push({
        code: 'product-not-audited',
        detail: `no keys were given for product ${product}: its signatures were not looked at`,
      });
  }

  #report(finding: Finding): void {
    this.#findingCount++;
    if (this.#findings.length < mostFindings) this.#findings.push(finding);
  }
}
