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
  writeAll,
} from './whole-file-steps.ts';

export interface WriteOptions {
  /** Default 0o644; 0o600 for whatever is secret. */
  readonly mode?: number;
  /** What happens to a file that has the name already; default `replace`. */
  readonly existing?: 'replace' | 'refuse';
}

/** A file that is being written under a temporary name. */
export interface WholeFile {
  /** Appends bytes, all of them. Throws what writeWholeFile does; the file is abandoned then. */
  write(part: Uint8Array): void;
  /** Gives the file its name; content and name are on the disk when this returns. Throws as `write`. */
  finish(): void;
  /** Removes what was written. Does nothing after `finish`. */
  abandon(): void;
}

/** Begins a file whose content comes piece by piece. Throws as writeWholeFile. */
export function beginWholeFile(
  path: string,
  { mode = 0o644, existing = 'replace' }: WriteOptions = {},
  files: FileSystem = nodeFiles,
): WholeFile {
  const guarded = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      abandon();
      throw faultOfFile(error, path, 'written');
    }
  };
  const stream = isStream(path, files);
  const temporary = stream ? path : temporaryOf(path, 'part');
  let file: number | undefined;
  const close = () => {
    if (file === undefined) return;
    const open = file;
    file = undefined;
    files.closeSync(open);
  };
  const abandon = () => {
    if (file === undefined) return;
    close();
    if (!stream) removeIfThere(temporary, files);
  };
  guarded(() => {
    if (!stream) {
      refuseTaken(path, existing, files);
      removeAbandoned(path, files);
    }
    file = files.openSync(temporary, stream ? 'w' : 'wx', mode);
  });
  return {
    write: (part) => guarded(() => writeAll(file!, part, files)),
    finish: () => {
      guarded(() => {
        if (stream) return close();
        files.fsyncSync(file!);
        giveName(temporary, path, existing, files);
        close();
        syncFolder(dirname(path), files);
      });
    },
    abandon,
  };
}

/**
 * The parts in order, as one file; when this returns, content and name are on the disk. Throws `file-exists`
 * (never replaced where `existing` is `refuse`, not even when two writers race), `disk-full`,
 * `file-size-limited`, `disk-read-only`, `file-forbidden`, `file-is-folder`, `folder-missing`,
 * `file-unwritable`. A device or a pipe (`/dev/stdout`) is written to as it is.
 */
export function writeWholeFile(
  path: string,
  parts: Iterable<Uint8Array>,
  options: WriteOptions = {},
  files: FileSystem = nodeFiles,
): void {
  const file = beginWholeFile(path, options, files);
  for (const part of parts) file.write(part);
  file.finish();
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
