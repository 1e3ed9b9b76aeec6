// `firmseal authority token`: a new owner's token, made in the authority's own folder. For the owner who lost
// his, and after a restore, which revokes every token. The server may go on meanwhile.

import { Command } from '@commander-js/extra-typings';
import { createToken } from '@firmseal/authority';
import { openLocalAuthority } from '../../authority-folder.ts';
import { examples, lifeOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';
import { checkTokenFile, writeToken } from '../../token-file.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .requiredOption('--out <file>', 'where to write the token')
    .option('--label <text>', 'name of the person, for lists', 'owner')
    .addOption(lifeOption(365))
    .addHelpText('after', examples('authority token authority --out owner.token'))
    .action(
      runs(shell, async (face, folder, { out, label, days }) => {
        checkTokenFile(out);
        const authority = await openLocalAuthority(folder);
        try {
          const request = { scope: 'owner', label, by: 'local', lifeDays: days } as const;
          const { token, tokenId, expiresAtMs } = await createToken(authority, request);
          writeToken(out, token);
          face.tell(
            { event: 'token-made', scope: 'owner', tokenId, file: out, expiresAtMs },
            `${out}: token ${tokenId} for an owner, until ${showTime(expiresAtMs)}`,
          );
        } finally {
          await authority.store.close();
        }
      }),
    );
