// `firmseal webhook add`: from now on the authority calls this address when one of the events happens.

import { Command, Option } from '@commander-js/extra-typings';
import { webhookEvents } from '@firmseal/authority-contract';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { checkTokenFile, writeToken } from '../../token-file.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<url>', 'https address; http for this machine alone')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(
      new Option('--events <event...>', 'what to tell; everything when left out')
        .choices(webhookEvents)
        .default(undefined),
    )
    .requiredOption('--out <file>', 'where to write the secret with which calls are signed; it is given once')
    .addHelpText(
      'after',
      examples(
        'webhook add https://hooks.example/firmseal --events alarm.raised job.few-units --out hook.secret \\\n' +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, url, { events = [...webhookEvents], out, ...options }) => {
        const client = accessAuthority(face, options);
        checkTokenFile(out);
        const { webhookId, secret } = await client.call('addWebhook', { url, events });
        writeToken(out, secret);
        face.tell(
          { event: 'webhook-added', webhookId, events, file: out },
          `webhook ${webhookId} is called for ${events.join(', ')}`,
          `  ${out}: the secret with which calls are signed; give it to whoever checks them`,
        );
      }),
    );
