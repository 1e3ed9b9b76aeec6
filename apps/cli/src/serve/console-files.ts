// The files of the console, as they were built into this installation (tools/pack/build-console.ts).

import { basename } from 'node:path';
import type { ConsoleFile } from '@firmseal/authority';
import { assetsIn, readAsset } from '../assets.ts';
import type { Face } from '../face.ts';

const folder = 'apps/console/dist';

/** Undefined, with a note, in an installation without a console: a source tree in which nothing was built. */
export function readConsole(face: Face): ConsoleFile[] | undefined {
  const names = assetsIn(folder);
  if (names.includes(`${folder}/index.html`))
    return names.map((name) => ({ name: basename(name), content: readAsset(name) }));
  face.note('the console is not in this installation, and is not served');
  return undefined;
}
