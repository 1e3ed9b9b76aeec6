// Where built things are kept: .cache/agent, named by the hash of everything that went into them, so that a
// build is done once and a change of any source, header, flag or compiler gives another name.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `.cache/agent`, made when it is not there. */
export function cacheFolder(): string {
  const folder = join(root, '.cache/agent');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Hex SHA-256 of texts and numbers, each told apart from its neighbours. */
export const hashOf = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
};

/** Hash of every header below a folder: any of them may be included. */
export function headersHash(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.h') || name.endsWith('.def'))
    .sort();
  return hashOf(...names.flatMap((name) => [name, readFileSync(join(folder, name))]));
}

/**
 * The folder of results with that name; `make` fills a temporary one, which takes its place only when it
 * succeeded, so a killed build leaves nothing that looks complete.
 */
export function cached(name: string, make: (folder: string) => void): string {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  const temporary = mkdtempSync(join(cacheFolder(), 'make-'));
  try {
    make(temporary);
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
