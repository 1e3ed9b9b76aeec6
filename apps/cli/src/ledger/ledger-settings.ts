// The ledger of an authority's folder: where its files go, its name, and the witnesses that cosign it.

import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { writeWholeFile } from '@firmseal/files';
import { isNoteName, type NoteKey, parseNoteKey } from '@firmseal/ledger';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';

const settingsFormat = 'firmseal-ledger-1';

export const ledgerPaths = (folder: string) => ({
  settings: join(folder, 'ledger.json'),
  key: join(folder, 'ledger.key'),
  verifierKey: join(folder, 'ledger.vkey'),
});

const settingsFile = z.strictObject({
  format: z.literal(settingsFormat),
  origin: z.string().refine(isNoteName, 'it is no name of a ledger'),
  /** Absolute, or below the authority's folder. */
  folder: z.string().min(1),
  least: z.int().min(0).max(16),
  witnesses: z.array(z.strictObject({ key: z.string(), url: z.url({ protocol: /^https?$/ }) })).max(16),
});

export type LedgerSettings = z.output<typeof settingsFile>;

/** Undefined where the folder has no ledger. Throws `ledger-settings-invalid`. */
export function readLedgerSettings(folder: string): LedgerSettings | undefined {
  const { settings: path } = ledgerPaths(folder);
  if (!existsSync(path)) return undefined;
  const read = readJsonFile(path, settingsFile);
  const invalid = (problem: string) => new Fault('ledger-settings-invalid', { file: path, problem });
  if ('problem' in read) throw invalid(read.problem);
  if (read.data.least > read.data.witnesses.length)
    throw invalid(`it asks for ${read.data.least} cosignatures of ${read.data.witnesses.length} witnesses`);
  return read.data;
}

export const encodeLedgerSettings = (settings: Omit<LedgerSettings, 'format'>): Uint8Array =>
  utf8(`${JSON.stringify({ format: settingsFormat, ...settings }, null, 2)}\n`);

export const writeLedgerSettings = (folder: string, { format: _, ...settings }: LedgerSettings): void =>
  writeWholeFile(ledgerPaths(folder).settings, [encodeLedgerSettings(settings)], { mode: 0o600 });

export const ledgerFolderOf = (folder: string, settings: LedgerSettings): string =>
  isAbsolute(settings.folder) ? settings.folder : join(folder, settings.folder);

/** Keys of the witnesses with their addresses. Throws `note-key-malformed`. */
export const witnessesOf = (folder: string, settings: LedgerSettings): { key: NoteKey; url: string }[] =>
  settings.witnesses.map(({ key, url }) => ({
    key: parseNoteKey(nodeCrypto, key, ledgerPaths(folder).settings),
    url: url.replace(/\/+$/, ''),
  }));
