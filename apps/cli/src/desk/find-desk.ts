// Where a desk file is found: in the folder that firmseal is called from, or above it.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const deskFileName = 'firmseal.json';

/** The nearest one. */
export function findDeskFile(folder: string): string | undefined {
  const file = join(resolve(folder), deskFileName);
  if (existsSync(file)) return file;
  const above = dirname(resolve(folder));
  return above === resolve(folder) ? undefined : findDeskFile(above);
}
