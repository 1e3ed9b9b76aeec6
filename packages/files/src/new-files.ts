// Several new files that belong together, such as a package and its content key: all of them get their names,
// or none does. Each is written beside its name first; the names come last, in the order given, and the
// temporary names go after them. A run that was killed between two names is recognized by the temporary names
// that are left: they are links to what it had named, and that alone is undone.

import * as nodeFiles from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from './system-fault.ts';
import {
  abandonedOf,
  addName,
  type FileSystem,
  isStream,
  removeIfThere,
  syncFolder,
  temporaryOf,
  tryName,
  writeStream,
  writeTemporary,
} from './whole-file-steps.ts';

export interface NewFile {
  readonly path: string;
  readonly parts: readonly Uint8Array[];
  /** Default 0o644; 0o600 for whatever is secret. */
  readonly mode?: number;
}

/**
 * Checks that all of the files could be made, for commands that do something else first. Takes away what a
 * killed run left of them. Throws what writeNewFiles does, but `disk-full` only when not even a name fits.
 */
export function refuseUnmakeable(paths: readonly string[], files: FileSystem = nodeFiles): void {
  const made = paths.filter((path) => !isStream(path, files));
  eachAsFault(made, (path) => refuseFolder(path, files));
  undoKilled(made, files);
  eachAsFault(made, (path) => {
    if (files.lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      throw new Fault('file-exists', { file: path });
  });
  // Only now, so that a run that is killed here is not taken for one that had begun to write.
  eachAsFault(made, (path) => {
    for (const left of abandonedOf(path, 'part', files)) removeIfThere(left, files);
    tryName(path, files);
  });
}

/**
 * Writes the files; when this returns, they and their names are on the disk. Throws `file-exists` (a file is
 * never replaced), `disk-full`, `file-size-limited`, `disk-read-only`, `file-forbidden`, `file-is-folder`,
 * `folder-missing`, `file-unwritable`; no file of the set is there then. A device or a pipe is written to as
 * it is.
 */
export function writeNewFiles(outputs: readonly NewFile[], files: FileSystem = nodeFiles): void {
  refuseUnmakeable(
    outputs.map(({ path }) => path),
    files,
  );
  const staged: string[] = [];
  const named: string[] = [];
  let at = '';
  try {
    for (const { path, parts, mode = 0o644 } of outputs) {
      at = path;
      if (isStream(path, files)) continue;
      const temporary = temporaryOf(path, 'new');
      staged.push(temporary);
      writeTemporary(temporary, { parts, mode }, files);
    }
    for (const { path, parts } of outputs) {
      at = path;
      if (isStream(path, files)) {
        writeStream(path, parts, files);
        continue;
      }
      addName(temporaryOf(path, 'new'), path, files);
      named.push(path);
    }
    for (const folder of new Set(named.map(dirname))) syncFolder(folder, files);
  } catch (error) {
    for (const path of [...named, ...staged]) removeIfThere(path, files);
    throw faultOfFile(error, at, 'written');
  }
  for (const temporary of staged) removeIfThere(temporary, files);
}

function isSameFile(one: string, other: string, files: FileSystem): boolean {
  const [first, second] = [one, other].map((path) => files.lstatSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

function eachAsFault(paths: readonly string[], check: (path: string) => void): void {
  for (const path of paths) {
    try {
      check(path);
    } catch (error) {
      throw faultOfFile(error, path, 'written');
    }
  }
}

function refuseFolder(path: string, files: FileSystem): void {
  if (files.lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new Fault('file-is-folder', { file: path });
}

/**
 * Takes away what a process that is gone had begun. Where all names of the set are there it had done its
 * work, and only its temporary names go.
 */
function undoKilled(paths: readonly string[], files: FileSystem): void {
  const left = paths.flatMap((path) => {
    try {
      return abandonedOf(path, 'new', files).map((temporary) => ({ path, temporary }));
    } catch (error) {
      throw faultOfFile(error, path, 'written');
    }
  });
  const isDone = paths.every((path) => files.lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  for (const { path, temporary } of left) {
    if (!isDone && isSameFile(path, temporary, files)) removeIfThere(path, files);
    removeIfThere(temporary, files);
  }
}
