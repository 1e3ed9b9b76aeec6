// Who can read a file that only its owner should: one that others can read is used
// all the same, with a warning.

import { statSync } from 'node:fs';
import type { Face } from './face.ts';

const permissionsOfOthers = 0o077;

/** Warns where the group or everybody may read or change the file. Windows has no such bits. */
export function warnOfReaders(face: Face, path: string): void {
  if (process.platform === 'win32') return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() && (stat.mode & permissionsOfOthers) !== 0)
    face.warn(`${path} is open to other users of this machine; run chmod 600 ${path}`);
}
