// `firmseal alarm list`: every alarm, newest first.

import { Command } from '@commander-js/extra-typings';
import { tellAlarm } from '../../alarm-view.ts';
import { accessAuthority } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('alarm list --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, options) => {
        const client = accessAuthority(face, options);
        const alarms = readPages(async (from) => {
          const { alarms: items, more } = await client.call('listAlarms', { from });
          return { items, more };
        });
        let count = 0;
        for await (const alarm of alarms) {
          count++;
          tellAlarm(face, alarm);
        }
        if (count === 0) face.lines('there is no alarm');
      }),
    );
