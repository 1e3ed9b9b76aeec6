// How far the log had come must be noted where a restore of the database does not reach: else an older one is
// served as if it were the newest (docs/operating-authority.md).

import { dirname, resolve } from 'node:path';
import { authorityPaths, databaseOf } from '../authority-folder.ts';
import type { Face } from '../face.ts';

/**
 * Says at the start of a server whether anything outside of the database could tell an older one.
 * `headFile`: where the owner wants the head noted, if he said so; `wasThere`: before this start;
 * `isWitnessed`: licenses wait for witnesses.
 */
export function warnOfGeneration(
  face: Face,
  {
    folder,
    headFile,
    wasThere,
    isWitnessed,
  }: { folder: string; headFile: string | undefined; wasThere: boolean; isWitnessed: boolean },
): void {
  // No license leaves then on an older database, and who is away was told.
  if (isWitnessed) return;
  const path = headFile ?? authorityPaths(folder).head;
  if (!wasThere)
    face.warn(
      `${path} was not there: whether the database is the newest one, nobody can tell. It is noted from now on`,
    );
  if (resolve(dirname(path)) === resolve(folder) && databaseOf(folder) === undefined)
    face.warn(
      `a copy of ${folder} that is put back takes the noted head of the log along, and would be served; give --head-file on another disk`,
    );
}
