// Checkpoints (c2sp.org/tlog-checkpoint): a note that says how many entries a ledger has and the root of the
// tree over them; and who must have signed it before it is believed.

import type { Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { fromBase64, toBase64 } from './base64.ts';
import { findSignature, type Note, type NoteKey, parseNote } from './note.ts';
import type { TreeHead } from './proof.ts';
import type { Hashing } from './tree.ts';

export interface Checkpoint extends TreeHead {
  /** Name of the ledger. */
  readonly origin: string;
}

/** Which signatures an auditor or a line asks for: his own keys, nothing that the ledger tells. */
export interface LedgerTrust {
  /** Kind `log`; its name is the origin. */
  readonly log: NoteKey;
  /** Kind `witness`. */
  readonly witnesses: readonly NoteKey[];
  /** How many of the witnesses must have cosigned. */
  readonly least: number;
}

/** A checkpoint whose signatures were verified. */
export interface VerifiedCheckpoint extends Checkpoint {
  readonly note: Note;
  /** Witnesses that cosigned, with when they did. */
  readonly cosigned: readonly { readonly name: string; readonly timeSeconds: number }[];
}

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** Further lines are extensions, which say nothing here. Throws `checkpoint-malformed`. */
export function parseCheckpoint(text: string): Checkpoint {
  const malformed = (problem: string) => new Fault('checkpoint-malformed', { problem });
  const [origin = '', digits = '', base64 = '', ...rest] = text.split('\n');
  if (rest.length === 0) throw malformed('it has fewer than three lines');
  const root = fromBase64(base64);
  const size = /^(0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : Number.NaN;
  if (origin === '') throw malformed('it names no origin');
  if (!Number.isSafeInteger(size)) throw malformed('its second line is no number of entries');
  if (root?.length !== 32) throw malformed('its third line is no SHA-256 hash in base64');
  return { origin, size, root };
}

/**
 * Throws `note-malformed`, `checkpoint-malformed`, `checkpoint-of-another-log`, `checkpoint-unsigned` and
 * `cosignatures-too-few`. A key that was given twice counts once.
 */
export function verifyCheckpoint(
  crypto: Hashing & Pick<Ed25519, 'verifyEd25519'>,
  text: string,
  { log, witnesses, least }: LedgerTrust,
): VerifiedCheckpoint {
  const note = parseNote(text, 'The checkpoint');
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== log.name)
    throw new Fault('checkpoint-of-another-log', { found: checkpoint.origin, log: log.name });
  if (findSignature(crypto, note, log) === undefined)
    throw new Fault('checkpoint-unsigned', { log: log.name });
  const distinct = new Map(witnesses.map((key) => [toBase64(key.publicKey), key])).values();
  const cosigned = [...distinct].flatMap((key) => {
    const found = findSignature(crypto, note, key);
    return found?.timeSeconds === undefined ? [] : [{ name: key.name, timeSeconds: found.timeSeconds }];
  });
  if (cosigned.length < least) throw new Fault('cosignatures-too-few', { found: cosigned.length, least });
  return { ...checkpoint, note, cosigned };
}
