// `firmseal authority restore`: a backup becomes the database of an authority without a database.
// It never replaces one that is there. Serving an older database needs the owner's signed
// word (serve --accept-restore).

import { Command } from '@commander-js/extra-typings';
import { copySqlite, copyToPostgres, formatHead } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { authorityPaths, databaseOf } from '../../authority-folder.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .requiredOption('--from <file>', 'the backup')
    .addHelpText('after', examples('authority restore authority --from authority-monday.sqlite'))
    .action(
      runs(shell, async (face, folder, { from }) => {
        const address = databaseOf(folder);
        const head =
          address === undefined
            ? await copySqlite(nodeCrypto, from, authorityPaths(folder).database)
            : await copyToPostgres({ path: from, move: false }, { address, crypto: nodeCrypto });
        face.tell(
          { event: 'backup-restored', folder, logSize: head.size },
          `${folder}: the backup is its database now, its log followed to the end`,
          `  head of the log: ${formatHead(head)}`,
          '  units that were taken after the backup was made are forgotten (docs/operating-authority.md)',
        );
      }),
    );
