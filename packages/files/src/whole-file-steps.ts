// The steps in which a file is written whole: beside its name, synced, then named. Which files, and what
// happens to one that is there, is for write-whole-file.ts and new-files.ts.

import type * as nodeFiles from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { faultOfFile, systemReason } from './system-fault.ts';

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

/**
 * What a temporary file is for: `part`, to replace a file or to see whether one can be made; `new`, one of a
 * set of files that did not exist when it was written.
 */
export type TemporaryKind = 'part' | 'new';

export const temporaryOf = (path: string, kind: TemporaryKind): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}.${kind}`);

/**
 * A device or a pipe, which has a name already and is written to as it is. Throws what writing the file would
 * for a path that the system does not follow: too long, a circle of links.
 */
export function isStream(path: string, files: FileSystem): boolean {
  try {
    const stat = files.statSync(path, { throwIfNoEntry: false });
    return stat !== undefined && !stat.isFile() && !stat.isDirectory();
  } catch (error) {
    throw faultOfFile(error, path, 'written');
  }
}

/**
 * write(2) may take less than it was given, on a full disk and at a file-size limit:
 * the next call then says why.
 */
export function writeAll(file: number, part: Uint8Array, files: FileSystem): void {
  let done = 0;
  while (done < part.length) {
    const written = files.writeSync(file, part, done, part.length - done);
    if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    done += written;
  }
}

export function writeStream(path: string, parts: readonly Uint8Array[], files: FileSystem): void {
  const stream = files.openSync(path, 'w');
  try {
    for (const part of parts) writeAll(stream, part, files);
  } finally {
    files.closeSync(stream);
  }
}

/** File systems without hard links (FAT on a stick with keys) say one of these. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** The content gets its name; the temporary one is gone where this returns. */
export function giveName(
  temporary: string,
  path: string,
  existing: 'replace' | 'refuse',
  files: FileSystem,
): void {
  if (existing === 'replace') files.renameSync(temporary, path);
  else if (addName(temporary, path, files)) files.unlinkSync(temporary);
}

/**
 * The content gets a name that nothing has yet. Returns whether it has its temporary name too: not on file
 * systems without hard links.
 */
export function addName(temporary: string, path: string, files: FileSystem): boolean {
  try {
    // Unlike a rename, a link fails when the name is taken, and between check and use there is no gap.
    files.linkSync(temporary, path);
    return true;
  } catch (error) {
    if (!noLinks.has(systemReason(error))) throw error;
    // The name is taken by an empty file first, which only this process then replaces.
    files.closeSync(files.openSync(path, 'wx', 0o600));
    files.renameSync(temporary, path);
    return false;
  }
}

export function removeIfThere(path: string, files: FileSystem): void {
  try {
    files.unlinkSync(path);
  } catch {
    // It was never made, or has its final name by now.
  }
}

/** Temporary files of this name whose process is gone: it was killed before it could remove them. */
export function abandonedOf(path: string, kind: TemporaryKind, files: FileSystem): string[] {
  const start = `.${basename(path)}.`;
  return files.readdirSync(dirname(path)).flatMap((name) => {
    const [, pid, found] = name.startsWith(start)
      ? (/^(\d+)\.(\w+)$/.exec(name.slice(start.length)) ?? [])
      : [];
    return found === kind && !isOtherProcess(Number(pid)) ? [join(dirname(path), name)] : [];
  });
}

/** The parts, synced, under the temporary name. Who calls removes it where this throws. */
export function writeTemporary(
  temporary: string,
  { parts, mode }: { parts: readonly Uint8Array[]; mode: number },
  files: FileSystem,
): void {
  const file = files.openSync(temporary, 'wx', mode);
  try {
    for (const part of parts) writeAll(file, part, files);
    files.fsyncSync(file);
  } finally {
    files.closeSync(file);
  }
}

/** Makes an empty file of that name and takes it away again. */
export function tryName(path: string, files: FileSystem): void {
  const temporary = temporaryOf(path, 'part');
  try {
    files.closeSync(files.openSync(temporary, 'wx', 0o600));
    files.unlinkSync(temporary);
  } catch (error) {
    removeIfThere(temporary, files);
    throw error;
  }
}

function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false; // this process writes a name once at a time
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
export function syncFolder(path: string, files: FileSystem): void {
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
