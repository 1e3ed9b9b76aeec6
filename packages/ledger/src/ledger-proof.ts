// The proof that one entry stands in a ledger, as a text that is verified without a connection
// (c2sp.org/tlog-proof): index, path, checkpoint. Its extra data is the opened entry.

import { concatBytes, utf8 } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { fromBase64, toBase64 } from './base64.ts';
import { type LedgerTrust, type VerifiedCheckpoint, verifyCheckpoint } from './checkpoint.ts';
import { decodeLogEntry, leafHash } from './entry.ts';
import type { LogFields } from './plain-entry.ts';
import { proofHashesAtMost, verifyInclusion } from './proof.ts';
import { treeLeaf } from './tree.ts';

const firstLine = 'c2sp.org/tlog-proof@v1';
const saltSizeBytes = 32;
export const ledgerProofSizeBytesAtMost = 16_384;

export interface LedgerProof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** The note, word for word. */
  readonly checkpoint: string;
  /** Salt and entry, of which the leaf is the hash. */
  readonly opened: { readonly salt: Uint8Array; readonly entry: Uint8Array };
}

/** An entry that the ledger holds. */
export interface ProvenEntry {
  readonly index: number;
  readonly timeMs: number;
  readonly kind: string;
  readonly fields: LogFields;
  readonly checkpoint: VerifiedCheckpoint;
}

export function formatLedgerProof({ index, path, checkpoint, opened }: LedgerProof): string {
  const extra = toBase64(concatBytes(opened.salt, opened.entry));
  const hashes = path.map((hash) => `${toBase64(hash)}\n`).join('');
  return `${firstLine}\nextra ${extra}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

/** Throws `ledger-proof-malformed`; nothing is verified yet. */
export function parseLedgerProof(text: string): LedgerProof {
  const malformed = (problem: string) => new Fault('ledger-proof-malformed', { problem });
  if (text.length > ledgerProofSizeBytesAtMost) throw malformed('it is too long');
  const end = text.indexOf('\n\n');
  const [first, extraLine = '', indexLine = '', ...hashes] = text.slice(0, Math.max(end, 0)).split('\n');
  if (end < 0 || first !== firstLine) throw malformed(`it does not begin with ${firstLine}`);
  const extra = fromBase64(/^extra (\S+)$/.exec(extraLine)?.[1] ?? '');
  if (extra === undefined || extra.length <= saltSizeBytes) throw malformed('it has no opened entry');
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(indexLine) ?? [];
  if (digits === undefined) throw malformed('it has no index');
  if (hashes.length > proofHashesAtMost) throw malformed('its path is too long');
  const path = hashes.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== 32) throw malformed('a line of its path is no hash');
    return hash;
  });
  const opened = { salt: extra.slice(0, saltSizeBytes), entry: extra.slice(saltSizeBytes) };
  return { index: Number(digits), path, checkpoint: text.slice(end + 2), opened };
}

/**
 * The entry that the proof proves, under the reader's own trust. Throws `ledger-proof-malformed`, what
 * verifyCheckpoint does, `inclusion-proof-invalid`, `log-entry-malformed`.
 */
export function verifyLedgerProof(
  crypto: Crypto & Pick<Ed25519, 'verifyEd25519'>,
  text: string,
  trust: LedgerTrust,
): ProvenEntry {
  const { index, path, checkpoint: note, opened } = parseLedgerProof(text);
  const checkpoint = verifyCheckpoint(crypto, note, trust);
  const leaf = treeLeaf(crypto, leafHash(crypto, opened.salt, opened.entry));
  if (!verifyInclusion(crypto, { leaf, index, proof: path, head: checkpoint }))
    throw new Fault('inclusion-proof-invalid', { index });
  const { sequence, timeMs, kind, fields } = decodeLogEntry(opened.entry, index);
  if (sequence !== index) throw new Fault('inclusion-proof-invalid', { index });
  return { index, timeMs, kind, fields, checkpoint };
}

/** Bytes of a proof for wires that carry bytes. */
export const encodeLedgerProof = (proof: LedgerProof) => utf8(formatLedgerProof(proof));
