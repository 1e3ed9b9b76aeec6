// Verification in the browser, with the code of `firmseal verify receipt` and `firmseal audit`: loaded when a
// page first needs it, since it holds the cryptography.

import { type ProvenReceipt, verifyReceiptFile } from '@firmseal/audit';
import type { CallAnswer } from '@firmseal/authority-contract';
import { type Bytes, concatBytes, equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { webCrypto, webEd25519 } from '@firmseal/crypto-web';
import { Fault } from '@firmseal/fault';
import {
  decodeLogEntry,
  emptyHead,
  LogChain,
  type LogFields,
  leafHash,
  type NoteKey,
  type ProvenEntry,
  parseNoteKey,
} from '@firmseal/ledger';
import { licenseDigestOf, readReceiptFile, verifyLicenseProof, verifyReceiptProof } from '@firmseal/license';

export type { ProvenReceipt };

/** Throws the first check that does not hold. */
export const proveReceipt = (
  file: Uint8Array,
  trust: { rootPublicKey: Bytes; product?: string | undefined },
): ProvenReceipt => verifyReceiptFile(webCrypto, file, trust);

/** SHA-256 of a key, by which people compare it. */
export const fingerprint = (key: Uint8Array): string => toHex(webCrypto.sha256(key));

const ledgerCrypto = { ...webCrypto, ...webEd25519 };

export interface LedgerKeys {
  readonly log: NoteKey;
  readonly witnesses: readonly NoteKey[];
}

/** Verifier keys of the person, one of a ledger and any of witnesses. Throws `note-key-malformed`. */
export function readLedgerKeys(
  texts: readonly { readonly text: string; readonly name: string }[],
): LedgerKeys {
  const keys = texts.map(({ text, name }) => parseNoteKey(webCrypto, text, name));
  const [log, second] = keys.filter(({ kind }) => kind === 'log');
  if (log === undefined || second !== undefined)
    throw new Fault('note-key-malformed', { what: 'The choice', problem: 'it needs one key of a ledger' });
  return { log, witnesses: keys.filter(({ kind }) => kind === 'witness') };
}

export interface InLedger {
  readonly license: ProvenEntry;
  /** Undefined where the authority brought no proof of it. */
  readonly receipt: ProvenEntry | undefined;
}

interface LedgerProofs {
  readonly license: Uint8Array;
  readonly receipt: Uint8Array | undefined;
}

/** All witnesses of the keys have to have cosigned. Throws the first check that does not hold. */
export function proveInLedger(
  file: Uint8Array,
  proven: ProvenReceipt,
  { proofs, keys }: { proofs: LedgerProofs; keys: LedgerKeys },
): InLedger {
  const { bundle } = readReceiptFile(file);
  if (bundle === undefined || proven.unitIndex === undefined) throw new Fault('license-proof-missing');
  const trust = { ...keys, least: keys.witnesses.length };
  const digest = licenseDigestOf(webCrypto, bundle);
  const licensed = { proof: proofs.license, digest, jobId: fromHex(proven.job), unitIndex: proven.unitIndex };
  const license = verifyLicenseProof(ledgerCrypto, licensed, trust);
  if (proofs.receipt === undefined) return { license, receipt: undefined };
  const proof = new TextDecoder().decode(proofs.receipt);
  const receipt = { proof, digest: fromHex(proven.receiptDigest) };
  return { license, receipt: verifyReceiptProof(ledgerCrypto, receipt, trust) };
}

type LogEntry = CallAnswer<'listLog'>['entries'][number];

export interface ReadEntry {
  readonly sequence: number;
  readonly timeMs: number | undefined;
  readonly kind: string;
  readonly fields: LogFields;
  /**
   * Whether its hash follows from the entry before and from its content; undefined for the first of a page.
   */
  readonly chained: boolean | undefined;
}

/** `before`: head of the log before the first entry; undefined where the page does not know it. */
export function readEntries(entries: readonly LogEntry[], before: Bytes | undefined): ReadEntry[] {
  let head = before;
  return entries.map(({ sequence, entry, salt, leaf, head: told }) => {
    const hash = leafHash(webCrypto, salt, entry);
    const chained =
      head === undefined
        ? undefined
        : equalBytes(hash, leaf) && equalBytes(webCrypto.sha256(concatBytes(head, hash)), told);
    head = told;
    try {
      const { timeMs, kind, fields } = decodeLogEntry(entry, sequence);
      return { sequence, timeMs, kind, fields, chained };
    } catch {
      return { sequence, timeMs: undefined, kind: 'unreadable', fields: {}, chained };
    }
  });
}

/** Follows the whole log; `read` gives the entries from a sequence on, none at the end. */
export async function followLog(
  read: (from: number) => Promise<readonly LogEntry[]>,
  onEntries: (count: number) => void,
): Promise<{ size: number; head: string; breaks: string[] }> {
  const chain = new LogChain(webCrypto);
  const breaks: string[] = [];
  for (;;) {
    const entries = await read(chain.head.size);
    if (entries.length === 0) break;
    for (const row of entries)
      for (const { sequence, problem } of chain.add(row)) breaks.push(`entry ${sequence}: ${problem}`);
    onEntries(chain.head.size);
  }
  return { size: chain.head.size, head: toHex(chain.head.head), breaks };
}

export const headOfEmptyLog: Bytes = emptyHead;
