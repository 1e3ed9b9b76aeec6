// The folder of a witness: its key, its name with the ledgers that it cosigns, and what it remembers of them.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { writeWholeFile } from '@firmseal/files';
import { isNoteName, type NoteKey, parseNoteKey } from '@firmseal/ledger';
import { z } from 'zod';
import { readJsonFile } from '../json-file.ts';

const settingsFormat = 'firmseal-witness-1';

export const witnessPaths = (folder: string) => ({
  settings: join(folder, 'witness.json'),
  key: join(folder, 'witness.key'),
  verifierKey: join(folder, 'witness.vkey'),
  state: join(folder, 'state.json'),
});

const settingsFile = z.strictObject({
  format: z.literal(settingsFormat),
  name: z.string().refine(isNoteName, 'it is no name of a witness'),
  /** Verifier keys. */
  logs: z.array(z.string()).max(1024),
});

export type WitnessSettings = z.output<typeof settingsFile>;

/** Throws `ledger-settings-invalid`, and what reading a file throws. */
export function readWitnessSettings(folder: string): WitnessSettings {
  const { settings: path } = witnessPaths(folder);
  if (!existsSync(path)) throw new Fault('file-missing', { file: path });
  const read = readJsonFile(path, settingsFile);
  if ('problem' in read) throw new Fault('ledger-settings-invalid', { file: path, problem: read.problem });
  return read.data;
}

export const encodeWitnessSettings = (settings: Omit<WitnessSettings, 'format'>): Uint8Array =>
  utf8(`${JSON.stringify({ format: settingsFormat, ...settings }, null, 2)}\n`);

export const writeWitnessSettings = (folder: string, { format: _, ...settings }: WitnessSettings): void =>
  writeWholeFile(witnessPaths(folder).settings, [encodeWitnessSettings(settings)]);

/** Throws `note-key-malformed`. */
export const logsOf = (folder: string, { logs }: WitnessSettings): NoteKey[] =>
  logs.map((text) => parseNoteKey(nodeCrypto, text, witnessPaths(folder).settings));
