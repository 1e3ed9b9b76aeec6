// Who can read a file that only its owner should: one that others can read is used
// all the same, with a warning.

import { type Stats, statSync } from 'node:fs';
import type { Face } from './face.ts';

const permissionsOfOthers = 0o077;

/** Undefined for a file that is not there, or not to be reached: reading it says so. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Warns where the group or everybody may read or change the file. Windows has no such bits. */
export function warnOfReaders(face: Face, path: string): void {
  if (process.platform === 'win32') return;
  const stat = statOf(path);
  if (stat?.isFile() && (stat.mode & permissionsOfOthers) !== 0)
    face.warn(`${path} is open to other users of this machine; run chmod 600 ${path}`);
}
