// Writes a file whole or not at all: into a temporary file of the same folder, every byte counted,
// synced, then given its name. Whatever fails, the old file stays and nothing is left beside it; what a
// killed process left is removed later.

import * as nodeFiles from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault } from '@firmseal/fault';
import { faultOfFile, systemReason } from './system-fault.ts';

export interface WriteOptions {
  /** Default 0o644; 0o600 for whatever is secret. */
  readonly mode?: number;
  /** What happens to a file that has the name already; default `replace`. */
  readonly existing?: 'replace' | 'refuse';
}

/** The calls to the system, so that tests can let each of them fail. */
export type FileSystem = Pick<
  typeof nodeFiles,
  | 'openSync'
  | 'writeSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'renameSync'
  | 'linkSync'
  | 'unlinkSync'
  | 'readdirSync'
  | 'statSync'
  | 'lstatSync'
>;

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
  const stream = isStreamAt(path, files);
  const temporary = stream ? path : temporaryOf(path, process.pid);
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
    if (isStreamAt(path, nodeFiles)) return;
    refuseTaken(path, existing, nodeFiles);
    removeAbandoned(path, nodeFiles);
    const temporary = temporaryOf(path, process.pid);
    nodeFiles.closeSync(nodeFiles.openSync(temporary, 'wx', 0o600));
    nodeFiles.unlinkSync(temporary);
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

const temporaryOf = (path: string, pid: number): string =>
  join(dirname(path), `.${basename(path)}.${pid}.part`);

/** A device or a pipe, which has a name already and is written to as it is. */
function isStreamAt(path: string, files: FileSystem): boolean {
  const stat = files.statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

function refuseTaken(path: string, existing: 'replace' | 'refuse', files: FileSystem): void {
  const stat = files.lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw new Fault('file-is-folder', { file: path });
  if (stat !== undefined && existing === 'refuse') throw new Fault('file-exists', { file: path });
}

/**
 * write(2) may take less than it was given, on a full disk and at a file-size limit:
 * the next call then says why.
 */
function writeAll(file: number, part: Uint8Array, files: FileSystem): void {
  let done = 0;
  while (done < part.length) {
    const written = files.writeSync(file, part, done, part.length - done);
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    done += written;
  }
}

/** File systems without hard links (FAT on a stick with keys) say one of these. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function giveName(temporary: string, path: string, existing: 'replace' | 'refuse', files: FileSystem): void {
  if (existing === 'replace') {
    files.renameSync(temporary, path);
    return;
  }
  try {
    // Unlike a rename, a link fails when the name is taken, and between check and use there is no gap.
    files.linkSync(temporary, path);
    files.unlinkSync(temporary);
  } catch (error) {
    if (!noLinks.has(systemReason(error))) throw error;
    // The name is taken by an empty file first, which only this process then replaces.
    files.closeSync(files.openSync(path, 'wx', 0o600));
    files.renameSync(temporary, path);
  }
}

function removeIfThere(path: string, files: FileSystem): void {
  try {
    files.unlinkSync(path);
  } catch {
    // It was never made, or has its final name by now.
  }
}

/** Temporary files of this name whose process is gone: it was killed before it could remove them. */
function removeAbandoned(path: string, files: FileSystem): void {
  const start = `.${basename(path)}.`;
  for (const name of files.readdirSync(dirname(path))) {
    const pid = name.startsWith(start) ? /^(\d+)\.part$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && !isOtherProcess(Number(pid))) removeIfThere(join(dirname(path), name), files);
  }
}

function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false; // this one writes a name once at a time
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemReason(error) === 'EPERM';
  }
}

/**
 * A name is durable once its folder is synced. Windows cannot open a folder; NTFS keeps a journal of names.
 */
function syncFolder(path: string, files: FileSystem): void {
  if (process.platform === 'win32') return;
  const folder = files.openSync(path, 'r');
  try {
    files.fsyncSync(folder);
  } catch (error) {
    // Some network file systems sync no folders: the name is as durable as it can be there.
    if (!['EINVAL', 'ENOTSUP'].includes(systemReason(error))) throw error;
  } finally {
    files.closeSync(folder);
  }
}
