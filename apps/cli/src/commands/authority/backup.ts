// `firmseal authority backup`: the whole database at one moment as one SQLite file, whichever store it is in.
// The server may go on meanwhile.

import { Command } from '@commander-js/extra-typings';
import { copyFromPostgres, copySqlite, formatHead } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { authorityPaths, databaseOf } from '../../authority-folder.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .requiredOption('--out <file>', 'where to write the copy')
    .addHelpText('after', examples('authority backup authority --out authority-monday.sqlite'))
    .action(
      runs(shell, async (face, folder, { out }) => {
        const address = databaseOf(folder);
        const head =
          address === undefined
            ? await copySqlite(nodeCrypto, authorityPaths(folder).database, out)
            : await copyFromPostgres({ address, crypto: nodeCrypto }, out);
        face.tell(
          { event: 'backup-made', folder, file: out, logSize: head.size },
          `${out}: copy of the database of ${folder}, its log followed to the end`,
          `  head of the log: ${formatHead(head)}`,
        );
      }),
    );
