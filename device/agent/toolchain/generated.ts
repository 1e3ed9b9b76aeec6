// The headers that are made at build: facts about the chip from the catalogue, the table of errors from
// spec/errors. Nothing of them is in the tree; what was made lies in the cache by its content.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { cached, hashOf } from './cache.ts';
import { chipHeader } from './chip-header.ts';
import { errorTable } from './error-table.ts';

/** Name to text, for a chip of the catalogue. */
export const generatedHeaders = (chipId: string): ReadonlyMap<string, string> =>
  new Map([
    ['fs_chip.h', chipHeader(findChip(chipId))],
    ['fs_errors.def', errorTable()],
  ]);

/** A folder with them, for a compiler's -I. */
export function generatedFolder(chipId: string): string {
  const headers = generatedHeaders(chipId);
  const hash = hashOf(...[...headers].flat()).slice(0, 24);
  return cached(`headers-${chipId}-${hash}`, (folder) => {
    for (const [name, text] of headers) writeFileSync(join(folder, name), text);
  });
}
