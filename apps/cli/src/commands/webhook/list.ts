// `firmseal webhook list`: where the authority calls, and what came of the newest call.

import { Command } from '@commander-js/extra-typings';
import type { WebhookView } from '@firmseal/authority-contract';
import { accessAuthority } from '../../authority-access.ts';
import type { Face } from '../../face.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

function tellWebhook(face: Face, view: WebhookView): void {
  const { webhookId, url, events, delivered, givenUp, attempts, dueAtMs, last } = view;
  const newest = last === undefined ? 'not called yet' : `${last.result}, ${showTime(last.atMs)}`;
  const waiting =
    dueAtMs === undefined ? '' : `; ${attempts} attempts failed, the next is at ${showTime(dueAtMs)}`;
  face.tell(
    { event: 'webhook', ...view },
    `webhook ${webhookId}: ${url} for ${events.join(', ')}`,
    `  delivered ${delivered}, given up ${givenUp}; newest call: ${newest}${waiting}`,
  );
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('webhook list --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, options) => {
        const { webhooks } = await accessAuthority(face, options).call('listWebhooks', {});
        for (const one of webhooks) tellWebhook(face, one);
        if (webhooks.length === 0) face.lines('no address is called');
      }),
    );
