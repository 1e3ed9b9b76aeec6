// One entry of the log: what happened, as deterministic CBOR, and how entries are chained by hash.
// Pure functions; the store assigns sequence numbers and keeps the rows. A tree log (tlog-tiles) can
// later take the same leaf hashes.

import { type Bytes, concatBytes, equalBytes, utf8 } from '@firmseal/bytes';
import { type CborInput, type CborValue, decodeCbor, encodeCbor } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type DecodedLogEntry, type LogFields, type LogValue, readPlainEntry } from './plain-entry.ts';

const saltSizeBytes = 32;
const entrySizeBytesAtMost = 4096;

export type LogKind =
  | 'job-opened'
  | 'package-added'
  | 'job-approved'
  | 'job-closed'
  | 'job-certified'
  | 'approval-stored'
  | 'rollout-set'
  | 'update-failed'
  | 'webhook-added'
  | 'webhook-removed'
  | 'keys-rewrapped'
  | 'stop-set'
  | 'stop-lifted'
  | 'unit-taken'
  | 'unit-voided'
  | 'unit-retaken'
  | 'units-few'
  | 'license-issued'
  | 'receipt-stored'
  | 'station-admitted'
  | 'outcome-stored'
  | 'identity-stored'
  | 'recovery-stated'
  | 'site-cap-set'
  | 'device-certified'
  | 'token-created'
  | 'token-revoked'
  | 'alarm'
  | 'alarm-acknowledged'
  | 'database-restored';

/** What a caller wants logged; the store adds sequence and salt. Time in milliseconds since 1970. */
export interface LogEvent {
  readonly timeMs: number;
  readonly kind: LogKind;
  readonly fields: LogFields;
}

/**
 * One row of the log as stored. `leaf` = SHA-256(label || salt || entry); `head` =
 * SHA-256(head before || leaf).
 */
export interface LogRow {
  readonly sequence: number;
  readonly entry: Bytes;
  readonly salt: Bytes;
  readonly leaf: Bytes;
  readonly head: Bytes;
}

/** How long the log is and its last head: what a witness or an auditor writes down. */
export interface LogHead {
  readonly size: number;
  readonly head: Bytes;
}

const leafLabel = utf8('firmseal/1 log entry');

/** The head of a log without entries: 32 zero bytes. */
export const emptyHead: Bytes = new Uint8Array(32);

/**
 * Deterministic CBOR `{0: sequence, 1: time, 2: kind, 3: [[name, value], ...]}`, names in ascending order.
 */
export function encodeLogEntry(sequence: number, event: LogEvent): Bytes {
  const names = Object.keys(event.fields).sort();
  const fields = names.map((name): CborInput => [name, event.fields[name]!]);
  return encodeCbor(
    new Map<number, CborInput>([
      [0, sequence],
      [1, event.timeMs],
      [2, event.kind],
      [3, fields],
    ]),
  );
}

/**
 * The reverse; the kind is returned as found. Throws `log-entry-malformed` with the
 * sequence that was expected.
 */
export function decodeLogEntry(bytes: Uint8Array, sequenceExpected: number): DecodedLogEntry {
  const plain = bytes.length > entrySizeBytesAtMost ? undefined : readPlainEntry(bytes);
  if (plain !== undefined) return plain;
  const malformed = (cause?: unknown) =>
    new Fault('log-entry-malformed', { sequence: sequenceExpected }, { cause });
  let map: CborValue;
  try {
    map = decodeCbor(bytes, { maxBytes: entrySizeBytesAtMost });
  } catch (cause) {
    throw malformed(cause);
  }
  if (!(map instanceof Map) || map.size !== 4) throw malformed();
  const [sequence, timeMs, kind, list] = [map.get(0), map.get(1), map.get(2), map.get(3)];
  if (typeof sequence !== 'number' || typeof timeMs !== 'number') throw malformed();
  if (typeof kind !== 'string' || !Array.isArray(list)) throw malformed();
  const fields: Record<string, LogValue> = {};
  for (const pair of list) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') throw malformed();
    const value = pair[1];
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!plain && !(value instanceof Uint8Array)) throw malformed();
    if (Object.hasOwn(fields, pair[0])) throw malformed();
    fields[pair[0]] = value;
  }
  return { sequence, timeMs, kind, fields };
}

/**
 * Hash of one salted entry. Who sees only leaf hashes learns nothing of an entry, however few the candidates.
 */
export function leafHash(crypto: Crypto, salt: Uint8Array, entry: Uint8Array): Bytes {
  return crypto.sha256(leafLabel, salt, entry);
}

const saltsAtOnce = 32;
/** Salts that no entry has yet. */
const drawn = new WeakMap<Crypto, { readonly salts: Bytes; at: number }>();

/** Random bytes that no other entry got. They are drawn many at once: a call costs more than its bytes. */
function freshSalt(crypto: Crypto): Bytes {
  let from = drawn.get(crypto);
  if (from === undefined || from.at === from.salts.length) {
    from = { salts: crypto.randomBytes(saltsAtOnce * saltSizeBytes), at: 0 };
    drawn.set(crypto, from);
  }
  const start = from.at;
  from.at += saltSizeBytes;
  return from.salts.slice(start, from.at);
}

/** The row that follows `previous`, with a fresh salt. */
export function nextLogRow(crypto: Crypto, previous: LogHead, event: LogEvent): LogRow {
  const sequence = previous.size;
  const entry = encodeLogEntry(sequence, event);
  const salt = freshSalt(crypto);
  const leaf = leafHash(crypto, salt, entry);
  return { sequence, entry, salt, leaf, head: crypto.sha256(concatBytes(previous.head, leaf)) };
}

export type ChainBreak = {
  readonly sequence: number;
  readonly problem: 'missing' | 'sequence' | 'salt' | 'leaf' | 'head' | 'malformed';
};

interface SaltedEntry {
  readonly salt: Uint8Array;
  readonly entry: Uint8Array;
  readonly leaf: Uint8Array;
}

interface AddedEntry {
  /** Undefined where the entry has another form. */
  readonly decoded: DecodedLogEntry | undefined;
  readonly breaks: readonly ChainBreak[];
}

/**
 * Follows a log row by row from its first entry. Who has noted a head gives its size and
 * compares it when it is reached.
 */
export class LogChain {
  readonly #crypto: Crypto;
  #size = 0;
  #head = emptyHead;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  /** Of the rows that were added, recomputed from their entries. */
  get head(): LogHead {
    return { size: this.#size, head: this.#head };
  }

  /** Every way in which the row is not the one that follows; none for a good row. */
  add(row: LogRow): readonly ChainBreak[] {
    return this.addRow(row).breaks;
  }

  /** The same, with what the entry says. */
  addRow(row: LogRow): AddedEntry {
    const breaks: ChainBreak[] = [];
    const index = this.#size;
    const report = (problem: ChainBreak['problem']) => breaks.push({ sequence: index, problem });
    if (row.sequence !== index) report('missing');
    const leaf = leafHash(this.#crypto, row.salt, row.entry);
    const added = this.addEntry({ salt: row.salt, entry: row.entry, leaf });
    breaks.push(...added.breaks);
    if (!equalBytes(leaf, row.leaf)) report('leaf');
    if (!equalBytes(this.#head, row.head)) report('head');
    return { ...added, breaks };
  }

  /** The next entry, by whoever has computed its leaf himself. */
  addEntry({ salt, entry, leaf }: SaltedEntry): AddedEntry {
    const sequence = this.#size++;
    this.#head = this.#crypto.sha256(this.#head, leaf);
    const breaks: ChainBreak[] = [];
    if (salt.length !== saltSizeBytes) breaks.push({ sequence, problem: 'salt' });
    let decoded: DecodedLogEntry | undefined;
    try {
      decoded = decodeLogEntry(entry, sequence);
      if (decoded.sequence !== sequence) breaks.push({ sequence, problem: 'sequence' });
    } catch {
      breaks.push({ sequence, problem: 'malformed' });
    }
    return { decoded, breaks };
  }
}
