// `firmseal webhook remove`: the authority calls this address no more.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<webhook>', 'id of the webhook')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples(
        'webhook remove 0123456789abcdef --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, webhook, options) => {
        await accessAuthority(face, options).call('removeWebhook', { webhook });
        face.tell({ event: 'webhook-removed', webhook }, `webhook ${webhook} is called no more`);
      }),
    );
