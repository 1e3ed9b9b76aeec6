// A folder that a command fills with files, one for each chip: made where it is missing, and known to take
// files before anything begins.

import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { faultOfFile, refuseUnwritable } from '@firmseal/files';

/** One after the other: of several at once the system does not say why the first could not be made. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder);
}

/** `name`: of a file as the command will write them. Throws what writing such a file would throw. */
export function openOutputFolder(folder: string, name: string): void {
  try {
    // A path that is too long says so here, before any part of it is made.
    lstatSync(resolve(folder), { throwIfNoEntry: false });
    makeFolders(resolve(folder));
  } catch (error) {
    throw faultOfFile(error, folder, 'written');
  }
  refuseUnwritable(join(folder, name));
}
