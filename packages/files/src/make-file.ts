// A new file that another program or library writes by its name, such as a database: whole or
// not at all. It is written beside its name, synced, then named. What a killed run left beside
// the name is removed by the next.

import * as nodeFiles from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from './system-fault.ts';
import { abandonedOf, addName, removeIfThere, syncFolder, temporaryOf } from './whole-file-steps.ts';

/** The file, and those that its writer keeps beside it under longer names. */
function removeWithCompanions(path: string): void {
  for (const name of nodeFiles.readdirSync(dirname(path)))
    if (name.startsWith(basename(path))) removeIfThere(join(dirname(path), name), nodeFiles);
}

/**
 * `fill` gets the name of an empty file (mode 0600) beside `path`, which then gets the name `path`. Throws
 * `file-exists` (a file is never replaced), what writeNewFiles throws, and what `fill` throws;
 * nothing is left then.
 */
export async function makeFile<T>(path: string, fill: (temporary: string) => Promise<T>): Promise<T> {
  const file = resolve(path);
  const temporary = temporaryOf(file, 'new');
  try {
    for (const left of abandonedOf(file, 'new', nodeFiles)) removeWithCompanions(left);
    if (nodeFiles.lstatSync(file, { throwIfNoEntry: false }) !== undefined)
      throw new Fault('file-exists', { file: path });
    nodeFiles.closeSync(nodeFiles.openSync(temporary, 'wx', 0o600));
  } catch (error) {
    throw error instanceof Fault ? error : faultOfFile(error, path, 'written');
  }
  try {
    const filled = await fill(temporary);
    try {
      const written = nodeFiles.openSync(temporary, 'r+');
      nodeFiles.fsyncSync(written);
      nodeFiles.closeSync(written);
      addName(temporary, file, nodeFiles);
      syncFolder(dirname(file), nodeFiles);
    } catch (error) {
      throw faultOfFile(error, path, 'written');
    }
    return filled;
  } finally {
    removeWithCompanions(temporary);
  }
}
