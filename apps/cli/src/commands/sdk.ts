// `firmseal sdk`: the application kit (device/sdk) as a folder, for whoever writes an
// application that an agent installs.

import { dirname, join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { writeNewFiles } from '@firmseal/files';
import { assetsBelow, readAsset } from '../assets.ts';
import { examples } from '../options.ts';
import { openOutputFolder } from '../output-folder.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

const kit = 'device/sdk';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', 'where to write it; nothing there is overwritten')
    .addHelpText('after', examples('sdk firmseal-sdk'))
    .action(
      runs(shell, async (face, folder) => {
        const names = assetsBelow(kit);
        if (names.length === 0) throw new Fault('asset-missing', { name: kit });
        const files = names.map((name) => ({
          path: join(folder, name.slice(kit.length + 1)),
          parts: [readAsset(name)],
        }));
        for (const { path } of files) openOutputFolder(dirname(path), 'firmseal.h');
        writeNewFiles(files);
        face.tell(
          { event: 'sdk-written', folder, files: files.length },
          `${folder}: the application kit, ${files.length} files, licence MIT-0; begin with README.md`,
        );
      }),
    );
