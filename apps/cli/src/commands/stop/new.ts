// `firmseal stop new`: from now on a device, a product or a station gets no license.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import {
  stoppedBy,
  stoppedDeviceOption,
  stoppedProductOption,
  stoppedStationOption,
  tellStop,
} from '../../stopped.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(stoppedDeviceOption())
    .addOption(stoppedProductOption())
    .addOption(stoppedStationOption())
    .requiredOption('--reason <text>', 'why; the log keeps it')
    .addHelpText(
      'after',
      examples(
        "stop new --product panel --reason 'recall 12' \\\n" +
          '      --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, { reason, ...options }) => {
        const key = stoppedBy(options, 'firmseal stop new');
        tellStop(face, await accessAuthority(face, options).call('setStop', { ...key, reason }));
      }),
    );
