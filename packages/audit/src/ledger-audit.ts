// The audit of a ledger by its files alone: signatures of the checkpoint, the tree over every entry,
// and then what audit.ts checks, on the rows that the opened entries tell of. One unit can be asked
// for, and an audit that was interrupted, or ended yesterday, is gone on with: signatures that it had
// verified are not verified again.

import { encodeEvidenceLine, evidenceFormat } from '@firmseal/authority-contract';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { type Crypto, type Ed25519, rememberVerified } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  decodeLedgerPolicy,
  emptyHead,
  formatNote,
  type LedgerFiles,
  type LedgerTrust,
  leafHash,
  TileTree,
  type TreeHead,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '@firmseal/ledger';
import { Audit, type AuditOptions, type AuditResult } from './audit.ts';
import { LedgerIndex, OpenedReader, rowsOfLedger } from './ledger-evidence.ts';
import { auditTree } from './tree-audit.ts';

/** How far an audit has come. */
export interface AuditProgress extends TreeHead {
  /** All units of this tree were looked at; else those below the number of their job in `next`. */
  readonly complete: boolean;
  readonly next: Readonly<Record<string, number>>;
}

export interface LedgerAuditOptions extends AuditOptions {
  readonly ledger: LedgerTrust;
  /** Nothing but one unit is verified, or nothing but a job's; the log and the tree are, always. */
  readonly only?: { readonly job: string; readonly unit?: number | undefined } | undefined;
  readonly progress?: AuditProgress | undefined;
  /** Told every few hundred units, and at the end, as long as nothing was found: findings are found again. */
  readonly onProgress?: (progress: AuditProgress) => void;
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
  const audit = new Audit(rememberVerified(crypto), options);
  let checkpoint: VerifiedCheckpoint;
  try {
    checkpoint = await readCheckpoint(crypto, files, options.ledger);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    audit.report({ code: 'checkpoint-invalid', subject: 'the checkpoint', detail: cause.message });
    return { ...audit.end(), checkpoint: undefined, unitCount: 0 };
  }
  const unitCount = await run(crypto, files, { audit, checkpoint, options });
  noteUnmetPolicies(crypto, audit, checkpoint);
  const result = audit.end();
  const { size, root } = checkpoint;
  if (result.ok && options.only === undefined) options.onProgress?.({ size, root, complete: true, next: {} });
  return { ...result, checkpoint, unitCount };
}

async function run(
  crypto: AuditCrypto,
  files: LedgerFiles,
  {
    audit,
    checkpoint,
    options,
  }: { audit: Audit; checkpoint: VerifiedCheckpoint; options: LedgerAuditOptions },
): Promise<number> {
  const { size } = checkpoint;
  const { only, progress, onProgress } = options;
  const index = new LedgerIndex();
  let [head, read] = [emptyHead, 0];
  let isSound = true;
  await auditTree(crypto, files, checkpoint, {
    onOpened: (sequence, opened, leaf) => {
      head = crypto.sha256(head, leaf);
      read++;
      index.add(sequence, opened);
    },
    report: (code, subject, detail) => {
      isSound = false;
      audit.report({ code, subject, detail });
    },
  });
  await compareProgress(crypto, files, { audit, checkpoint, progress });
  if (read !== size) return 0; // what cannot be read was named

  const reader = new OpenedReader(files, size);
  let lines = 0;
  const add = (text: string): boolean => {
    lines++;
    return audit.addLine(text);
  };
  add(encodeEvidenceLine({ kind: 'head', format: evidenceFormat, size, head, atMs: options.nowMs ?? 0 }));
  await addLog(crypto, reader, { size, add });
  const isWanted = (job: string, unit: number, last: number): boolean => {
    if (only !== undefined && (only.job !== job || (only.unit ?? unit) !== unit)) return false;
    if (progress === undefined || !isSound || last >= progress.size) return true;
    return !progress.complete && unit >= (progress.next[job] ?? 0);
  };
  const wanted = new Set<string>();
  for (const [job, { units }] of index.jobs)
    for (const [unit, sequences] of units.entries())
      if (isWanted(job, unit, sequences.at(-1)!)) wanted.add(`${job} ${unit}`);
  audit.logged.keepUnits((job, unit) => wanted.has(`${job} ${unit}`));

  const next: Record<string, number> = { ...(progress?.complete === false ? progress.next : {}) };
  let done = 0;
  const rows = rowsOfLedger({
    ...{ reader, index, logged: audit.logged, isWanted },
    onUnit: (job, unit) => {
      next[job] = unit;
      if (++done % unitsBetweenNotes === 0 && only === undefined && audit.findingCount === 0)
        onProgress?.({ size, root: checkpoint.root, complete: false, next: { ...next } });
    },
    report: (sequence, detail) =>
      audit.report({ code: 'evidence-malformed', subject: `entry ${sequence}`, detail }),
  });
  let isRead = true;
  for await (const text of rows) {
    isRead = add(text);
    if (!isRead) break;
  }
  if (isRead) add(encodeEvidenceLine({ kind: 'end', lines }));
  return done;
}

/** Rows of the log with the chain of their hashes, which follows from them. */
async function addLog(
  crypto: Crypto,
  reader: OpenedReader,
  { size, add }: { size: number; add: (text: string) => boolean },
): Promise<void> {
  let head = emptyHead;
  for (let sequence = 0; sequence < size; sequence++) {
    const { salt, entry } = await reader.read(sequence);
    const leaf = leafHash(crypto, salt, entry);
    head = crypto.sha256(head, leaf);
    const bytes = (value: Uint8Array) => value as Bytes;
    const row = { sequence, entry: bytes(entry), salt: bytes(salt), leaf, head };
    if (!add(encodeEvidenceLine({ kind: 'log', ...row }))) return;
  }
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
async function compareProgress(
  crypto: Crypto,
  files: LedgerFiles,
  {
    audit,
    checkpoint,
    progress,
  }: { audit: Audit; checkpoint: VerifiedCheckpoint; progress: AuditProgress | undefined },
): Promise<void> {
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
