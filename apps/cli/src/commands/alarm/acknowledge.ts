// `firmseal alarm acknowledge`: an owner has looked into an alarm and says so; the log keeps the note.

import { Command } from '@commander-js/extra-typings';
import { tellAlarm } from '../../alarm-view.ts';
import { acknowledgementOf, approveFirst, findAlarm, withApprover } from '../../approver.ts';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, number, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .argument('<alarm>', 'number of the alarm, as `firmseal alarm list` shows it', number())
      .addOption(authorityOption())
      .addOption(tokenOption())
      .requiredOption('--note <text>', 'what was found; the log keeps it'),
  )
    .addHelpText(
      'after',
      examples(
        "alarm acknowledge 12 --note 'restored on Monday, chips counted by hand' \\\n" +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, alarm, options) => {
        const { note } = options;
        const client = accessAuthority(face, options);
        if (options.approverKey !== undefined) {
          const raised = await findAlarm(client, alarm);
          const view = await client.call('showJob', { job: raised.job });
          await approveFirst(face, client, {
            ...{ options, view, subjects: () => [acknowledgementOf(raised, note)] },
          });
        }
        tellAlarm(face, await client.call('acknowledgeAlarm', { alarm, note }));
      }),
    );
