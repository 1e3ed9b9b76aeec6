// A folder with everything in it, whole or not at all: filled beside its name, then renamed. What a killed
// run left beside the name is removed by the next one.

import * as nodeFiles from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from './system-fault.ts';
import { abandonedOf, syncFolder, temporaryOf } from './whole-file-steps.ts';

/** Throws `folder-not-empty`, or `file-exists` where something else has the name. */
function refuseTaken(folder: string): void {
  const stat = nodeFiles.statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) throw new Fault('file-exists', { file: folder });
  if (nodeFiles.readdirSync(folder).length > 0) throw new Fault('folder-not-empty', { folder });
}

/**
 * `fill` gets an empty folder (mode 0700) beside `path`, which then gets the name `path`;
 * folders above it are made. Throws `folder-not-empty`, what writeWholeFile throws, and what
 * `fill` throws; nothing is left then.
 */
export async function makeFolder<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  const folder = resolve(path);
  const temporary = temporaryOf(folder, 'new');
  try {
    refuseTaken(folder);
    nodeFiles.mkdirSync(dirname(folder), { recursive: true });
    for (const left of abandonedOf(folder, 'new', nodeFiles))
      nodeFiles.rmSync(left, { recursive: true, force: true });
    nodeFiles.mkdirSync(temporary, { mode: 0o700 });
    const filled = await fill(temporary);
    nodeFiles.renameSync(temporary, folder);
    syncFolder(dirname(folder), nodeFiles);
    return filled;
  } catch (error) {
    nodeFiles.rmSync(temporary, { recursive: true, force: true });
    throw error instanceof Fault || !isSystemError(error) ? error : faultOfFile(error, path, 'written');
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
