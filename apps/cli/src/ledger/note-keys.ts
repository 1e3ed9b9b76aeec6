// Verifier keys of ledgers and witnesses in files of one line, and the options by which a
// command is told whom to believe.

import { Option } from '@commander-js/extra-typings';
import { utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { refuseKnownTestKeys } from '@firmseal/keys';
import { formatNoteKey, type LedgerTrust, type NoteKey, parseNoteKey } from '@firmseal/ledger';
import { readText } from '../files.ts';
import { collect, number } from '../options.ts';

export const noteKeyFile = (key: NoteKey): Uint8Array => utf8(`${formatNoteKey(nodeCrypto, key)}\n`);

function keyOf(text: string, kind: NoteKey['kind'], what: string): NoteKey {
  const key = parseNoteKey(nodeCrypto, text, what);
  refuseKnownTestKeys(key.publicKey);
  if (key.kind === kind) return key;
  const problem = kind === 'log' ? 'it is the key of a witness' : 'it is the key of a ledger';
  throw new Fault('note-key-malformed', { what, problem });
}

/**
 * Throws `note-key-malformed`, also for a key of the other kind, `key-known-test`, and
 * what reading a file throws.
 */
export const readNoteKey = (path: string, kind: NoteKey['kind']): NoteKey =>
  keyOf(readText(path), kind, path);

export const logKeyOption = () => new Option('--log-key <file>', 'verifier key of the ledger (ledger.vkey)');
export const witnessKeyOption = () =>
  new Option(
    '--witness-key <file>',
    'verifier key of a witness (witness.vkey); may be given several times',
  ).argParser(collect);
export const leastWitnessesOption = () =>
  new Option(
    '--least-witnesses <number>',
    'how many of the witnesses must have cosigned; all when left out',
  ).argParser(number({ most: 16 }));

export interface TrustFiles {
  readonly logKey?: string | undefined;
  readonly witnessKey?: readonly string[] | undefined;
  readonly leastWitnesses?: number | undefined;
}

/** Undefined without --log-key. Throws as readNoteKey, and `command-line-invalid` for what cannot be met. */
export function readLedgerTrust({
  logKey,
  witnessKey = [],
  leastWitnesses,
}: TrustFiles): LedgerTrust | undefined {
  const invalid = (detail: string) => new Fault('command-line-invalid', { command: 'firmseal', detail });
  if (logKey === undefined) {
    if (witnessKey.length > 0 || leastWitnesses !== undefined)
      throw invalid('--witness-key and --least-witnesses need --log-key');
    return undefined;
  }
  const witnesses = witnessKey.map((path) => readNoteKey(path, 'witness'));
  const least = leastWitnesses ?? witnesses.length;
  if (least > witnesses.length)
    throw invalid(`--least-witnesses asks for ${least}, and ${witnesses.length} keys of witnesses are given`);
  return { log: readNoteKey(logKey, 'log'), witnesses, least };
}

/** What a job asks of the ledger, by the same options. Throws as readLedgerTrust. */
export function readLedgerPolicy(
  files: TrustFiles,
): { log: string; witnesses: string[]; least: number } | undefined {
  const trust = readLedgerTrust(files);
  if (trust === undefined) return undefined;
  const text = (key: NoteKey) => formatNoteKey(nodeCrypto, key);
  return { log: text(trust.log), witnesses: trust.witnesses.map(text), least: trust.least };
}

/** The same from texts, as a line file has them. Throws `note-key-malformed`. */
export function trustOfTexts(texts: {
  logKey: string;
  witnessKeys: readonly string[];
  leastWitnesses?: number | undefined;
}): LedgerTrust {
  const witnesses = texts.witnessKeys.map((text) => keyOf(text, 'witness', 'witnessKeys of the line file'));
  return {
    log: keyOf(texts.logKey, 'log', 'logKey of the line file'),
    witnesses,
    least: texts.leastWitnesses ?? witnesses.length,
  };
}

/** The same where the ledger is what the command is about. */
export function requireLedgerTrust(files: TrustFiles): LedgerTrust {
  const trust = readLedgerTrust(files);
  if (trust === undefined)
    throw new Fault('command-line-invalid', {
      command: 'firmseal',
      detail: 'give --log-key with the verifier key of the ledger',
    });
  return trust;
}
