// The audit of a ledger by its files alone: signatures of the checkpoint, then in one pass over the files the
// tree, the chain and what follows from the log, and at last the signatures of each unit. One unit can be
// asked for, and an audit that was interrupted, or ended yesterday, is gone on with: signatures that it
// had verified are not verified again.

import { type EvidenceLine, evidenceFormat } from '@firmseal/authority-contract';
import { equalBytes, toHex } from '@firmseal/bytes';
import { type Crypto, type Ed25519, rememberVerified } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  decodeLedgerPolicy,
  formatNote,
  type LedgerFiles,
  type LedgerTrust,
  TileTree,
  type TreeHead,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '@firmseal/ledger';
import { Audit, type AuditOptions, type AuditResult } from './audit.ts';
import { EarlierUnits, type UnitScope } from './earlier-units.ts';
import type { Finding } from './findings.ts';
import { hashSeed, hashSeedSizeBytes } from './keyed-rows.ts';
import { rowsOfLedger } from './ledger-evidence.ts';
import { LedgerIndex, OpenedReader } from './ledger-index.ts';
import { auditTree } from './tree-audit.ts';

/** How far an audit has come. */
export interface AuditProgress extends TreeHead {
  /** All units of this tree were looked at; else those below the number of their job in `next`. */
  readonly complete: boolean;
  readonly next: Readonly<Record<string, number>>;
}

/** How much of it was done. */
interface AuditWork {
  readonly what: 'entries' | 'units';
  readonly done: number;
  readonly of: number;
}

export interface LedgerAuditOptions extends AuditOptions {
  readonly ledger: LedgerTrust;
  /** Nothing but one unit is verified, or nothing but a job's; the log and the tree are, always. */
  readonly only?: { readonly job: string; readonly unit?: number | undefined } | undefined;
  readonly progress?: AuditProgress | undefined;
  /** Told every few hundred units, and at the end, as long as nothing was found: findings are found again. */
  readonly onProgress?: (progress: AuditProgress) => void;
  /** Told after each file of entries, then before each unit, what was done. Waited for. */
  readonly onWork?: (work: AuditWork) => Promise<void> | undefined;
}

export interface LedgerAuditResult extends AuditResult {
  readonly checkpoint: VerifiedCheckpoint | undefined;
  /** Units whose signatures were verified in this run. */
  readonly unitCount: number;
}

const unitsBetweenNotes = 200;
type AuditCrypto = Crypto & Pick<Ed25519, 'verifyEd25519'>;

/**
 * The checkpoint of a ledger under the auditor's trust. Throws `ledger-file-missing`, as verifyCheckpoint.
 */
export async function readCheckpoint(
  crypto: AuditCrypto,
  files: LedgerFiles,
  trust: LedgerTrust,
): Promise<VerifiedCheckpoint> {
  const bytes = await files.read('checkpoint');
  if (bytes === undefined) throw new Fault('ledger-file-missing', { file: 'checkpoint' });
  return verifyCheckpoint(crypto, new TextDecoder().decode(bytes), trust);
}

/**
 * Audits the files of a ledger, the opened ones included. Faults in them are findings; thrown is what reading
 * the files throws, and `audit-progress-malformed` is left to whoever reads the progress.
 */
export async function auditLedger(
  crypto: AuditCrypto,
  files: LedgerFiles,
  options: LedgerAuditOptions,
): Promise<LedgerAuditResult> {
  let checkpoint: VerifiedCheckpoint;
  try {
    checkpoint = await readCheckpoint(crypto, files, options.ledger);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const audit = new Audit(crypto, options);
    audit.report({ code: 'checkpoint-invalid', subject: 'the checkpoint', detail: cause.message });
    return { ...audit.end(), checkpoint: undefined, unitCount: 0 };
  }
  const run = { crypto, files, checkpoint, options };
  const followed = await followLedger(run);
  const { audit } = followed;
  await compareProgress(run, audit);
  const unitCount = followed.isWhole ? await verifyUnits(run, followed) : 0; // what is not whole was named
  noteUnmetPolicies(crypto, audit, checkpoint);
  const result = audit.end();
  const { size, root } = checkpoint;
  if (result.ok && options.only === undefined) options.onProgress?.({ size, root, complete: true, next: {} });
  return { ...result, checkpoint, unitCount };
}

/** What the files of one ledger are audited with. */
interface Run {
  readonly crypto: AuditCrypto;
  readonly files: LedgerFiles;
  readonly checkpoint: VerifiedCheckpoint;
  readonly options: LedgerAuditOptions;
}

/** Tree, log and everything that follows from the log alone; no signature. */
interface FollowedLedger {
  readonly audit: Audit;
  readonly index: LedgerIndex;
  /** Neither tree nor files contradict each other. */
  readonly isSound: boolean;
  /** Every entry was read. */
  readonly isWhole: boolean;
}

async function followLedger({ crypto, files, checkpoint, options }: Run): Promise<FollowedLedger> {
  const { size } = checkpoint;
  const begin = () => new Audit(rememberVerified(crypto), options);
  let audit = begin();
  const index = new LedgerIndex(hashSeed(crypto.randomBytes(hashSeedSizeBytes)), (job, license) =>
    audit.logged.unitOf(job, license),
  );
  const ofFiles: Finding[] = [];
  let read = 0;
  let isWorthwhile = true;
  await auditTree(crypto, files, checkpoint, {
    onOpened: (sequence, { salt, entry }, leaf) => {
      if (sequence !== read || !isWorthwhile) return;
      read++;
      const decoded = audit.addEntry({ salt, entry, leaf });
      if (decoded === false) isWorthwhile = false;
      else if (decoded !== undefined) index.add(sequence, decoded);
    },
    onTile: (entries) => options.onWork?.({ what: 'entries', done: entries, of: size }),
    report: (code, subject, detail) => ofFiles.push({ code, subject, detail }),
  });
  const isWhole = read === size;
  // Nothing follows from a log that was not read to its end, but that its files are wrong.
  if (!isWhole && isWorthwhile) audit = begin();
  for (const finding of ofFiles) audit.report(finding);
  return { audit, index, isSound: ofFiles.length === 0, isWhole };
}

/** How many units were verified. */
async function verifyUnits(run: Run, { audit, index, isSound }: FollowedLedger): Promise<number> {
  const { files, checkpoint, options } = run;
  const { size, root } = checkpoint;
  const { only, progress, onProgress, onWork } = options;
  let lines = 0;
  const add = (line: EvidenceLine): boolean => {
    lines++;
    return audit.addMade(line);
  };
  const { head } = audit.head;
  add({ kind: 'head', format: evidenceFormat, size, head, atMs: options.nowMs ?? 0 });
  const scopeOf = scopes(audit, index, { only, progress: isSound ? progress : undefined });
  audit.limit(scopeOf);
  const due = countUnits(index, (job, unit) => scopeOf(job, unit) === 'now');
  const next: Record<string, number> = { ...(progress?.complete === false ? progress.next : {}) };
  let done = 0;
  let verified = 0;
  let under: { readonly job: string; readonly unit: number } | undefined;
  const rows = rowsOfLedger({
    ...{ reader: new OpenedReader(files, size), index, logged: audit.logged },
    isWanted: (job, unit) => scopeOf(job, unit) === 'now',
    onUnit: async (job, unit) => {
      if (under !== undefined) next[under.job] = under.unit + 1;
      under = { job, unit };
      const { product } = audit.logged.jobs.get(job)!.order;
      if (options.products.has(product)) verified++;
      await onWork?.({ what: 'units', done, of: due });
      if (++done % unitsBetweenNotes === 0 && only === undefined && audit.findingCount === 0)
        onProgress?.({ size, root, complete: false, next: { ...next } });
    },
    report: (sequence, detail) =>
      audit.report({ code: 'evidence-malformed', subject: `entry ${sequence}`, detail }),
  });
  let isRead = true;
  for await (const line of rows) {
    isRead = add(line);
    if (!isRead) break;
  }
  if (isRead) add({ kind: 'end', lines });
  return verified;
}

function countUnits({ jobs }: LedgerIndex, isCounted: (job: string, unit: number) => boolean): number {
  let count = 0;
  for (const [job, { unitCount }] of jobs)
    for (let unit = 0; unit < unitCount; unit++) if (isCounted(job, unit)) count++;
  return count;
}

/** Which units are verified now, and which were by the run that left `progress`. */
function scopes(
  { logged }: Audit,
  index: LedgerIndex,
  { only, progress }: Pick<LedgerAuditOptions, 'only' | 'progress'>,
): (job: string, unit: number) => UnitScope {
  // Of one job at a time: they come one after the other.
  let earlier: { readonly job: string; readonly units: EarlierUnits } | undefined;
  const isDecided = (job: string, unit: number): boolean => {
    const state = logged.jobs.get(job);
    if (state === undefined) return false;
    if (earlier?.job !== job) earlier = { job, units: new EarlierUnits(state) };
    return earlier.units.isDecided(unit);
  };
  return (job, unit) => {
    if (only !== undefined && (only.job !== job || (only.unit ?? unit) !== unit)) return 'never';
    const last = index.jobs.get(job)?.lastOf(unit);
    if (progress === undefined || last === undefined || last >= progress.size) return 'now';
    if (!progress.complete && unit >= (progress.next[job] ?? 0)) return 'now';
    return isDecided(job, unit) ? 'earlier' : 'now';
  };
}

/** Whether the newest checkpoint is what jobs with a policy of their own ask for. */
function noteUnmetPolicies(crypto: AuditCrypto, audit: Audit, { note }: VerifiedCheckpoint): void {
  for (const [job, policy] of audit.ledgerPolicies) {
    try {
      verifyCheckpoint(crypto, formatNote(note), decodeLedgerPolicy(crypto, policy));
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      const detail = `job ${job}: the newest checkpoint is not what the job asks for: ${cause.message}`;
      audit.notice({ code: 'ledger-policy-unmet', detail });
    }
  }
}

/** The tree of an earlier run is the beginning of this one. */
async function compareProgress({ crypto, files, checkpoint, options }: Run, audit: Audit): Promise<void> {
  const { progress } = options;
  if (progress === undefined) return;
  const subject = `the first ${progress.size} entries`;
  if (progress.size > checkpoint.size) {
    const detail = `the ledger has ${checkpoint.size} entries; ${progress.size} were audited before`;
    audit.report({ code: 'log-shortened', subject, detail });
    return;
  }
  const tree = new TileTree(crypto, files, checkpoint.size);
  const root = await tree.root(progress.size).catch(() => undefined);
  if (root === undefined || !equalBytes(root, progress.root))
    audit.report({
      ...{ code: 'log-forked', subject },
      detail: `their root is not ${toHex(progress.root)}, which was audited before`,
    });
}
