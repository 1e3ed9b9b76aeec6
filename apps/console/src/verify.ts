// Verification in the browser, with the code of `firmseal verify receipt` and `firmseal audit`: loaded when a
// page first needs it, since it holds the cryptography.

import { type ProvenReceipt, verifyReceiptFile } from '@firmseal/audit';
import type { CallAnswer } from '@firmseal/authority-contract';
import { type Bytes, concatBytes, equalBytes, toHex } from '@firmseal/bytes';
import { webCrypto } from '@firmseal/crypto-web';
import { decodeLogEntry, emptyHead, LogChain, type LogFields, leafHash } from '@firmseal/ledger';

export type { ProvenReceipt };

/** Throws the first check that does not hold. */
export const proveReceipt = (
  file: Uint8Array,
  trust: { rootPublicKey: Bytes; product?: string | undefined },
): ProvenReceipt => verifyReceiptFile(webCrypto, file, trust);

/** SHA-256 of a key, by which people compare it. */
export const fingerprint = (key: Uint8Array): string => toHex(webCrypto.sha256(key));

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
