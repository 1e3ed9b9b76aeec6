// Writes a file whole or not at all: into a temporary file of the same folder, every byte counted,
// synced, then given its name. Whatever fails, the old file stays and nothing is left beside it; what a
// killed process left is removed later.

import * as nodeFiles from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from './system-fault.ts';
import {
  abandonedOf,
  type FileSystem,
  giveName,
  isStream,
  removeIfThere,
  syncFolder,
  temporaryOf,
  tryName,
  writeStream,
  writeTemporary,
} from './whole-file-steps.ts';

export interface WriteOptions {
  /** Default 0o644; 0o600 for whatever is secret. */
  readonly mode?: number;
  /** What happens to a file that has the name already; default `replace`. */
  readonly existing?: 'replace' | 'refuse';
}

/**
 * The parts in order, as one file; when this returns, content and name are on the disk. Throws `file-exists`
 * (never replaced where `existing` is `refuse`, not even when two writers race), `disk-full`,
 * `file-size-limited`, `disk-read-only`, `file-forbidden`, `file-is-folder`, `folder-missing`,
 * `file-unwritable`. A device or a pipe (`/dev/stdout`) is written to as it is.
 */
export function writeWholeFile(
  path: string,
  parts: readonly Uint8Array[],
  { mode = 0o644, existing = 'replace' }: WriteOptions = {},
  files: FileSystem = nodeFiles,
): void {
  try {
    if (isStream(path, files)) {
      writeStream(path, parts, files);
      return;
    }
    refuseTaken(path, existing, files);
    removeAbandoned(path, files);
    const temporary = temporaryOf(path, 'part');
    try {
      writeTemporary(temporary, { parts, mode }, files);
      giveName(temporary, path, existing, files);
    } catch (error) {
      removeIfThere(temporary, files);
      throw error;
    }
    syncFolder(dirname(path), files);
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

/**
 * Checks that a file could be written, for commands that do something else first: they refuse before a side
 * effect. Throws what writeWholeFile does, but `disk-full` only when not even a name fits.
 */
export function refuseUnwritable(path: string, { existing = 'replace' }: WriteOptions = {}): void {
  try {
    if (isStream(path, nodeFiles)) return;
    refuseTaken(path, existing, nodeFiles);
    removeAbandoned(path, nodeFiles);
    tryName(path, nodeFiles);
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

function removeAbandoned(path: string, files: FileSystem): void {
  for (const left of abandonedOf(path, 'part', files)) removeIfThere(left, files);
}

function refuseTaken(path: string, existing: 'replace' | 'refuse', files: FileSystem): void {
  const stat = files.lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw new Fault('file-is-folder', { file: path });
  if (stat !== undefined && existing === 'refuse') throw new Fault('file-exists', { file: path });
}
