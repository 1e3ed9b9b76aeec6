// `firmseal token revoke`: the token opens nothing any more.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<token>', 'id of the token, as `firmseal token list` shows it')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples(
        'token revoke 0123456789abcdef --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, token, options) => {
        await accessAuthority(face, options).call('revokeToken', { token });
        face.tell({ event: 'token-revoked', tokenId: token }, `token ${token} opens nothing any more`);
      }),
    );
