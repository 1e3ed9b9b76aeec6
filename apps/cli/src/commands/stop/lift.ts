// `firmseal stop lift`: a device, a product or a station gets licenses again.

import { Command } from '@commander-js/extra-typings';
import { accessAuthority } from '../../authority-access.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { stoppedBy, stoppedDeviceOption, stoppedProductOption, stoppedStationOption } from '../../stopped.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addOption(stoppedDeviceOption())
    .addOption(stoppedProductOption())
    .addOption(stoppedStationOption())
    .addHelpText(
      'after',
      examples(
        'stop lift --product panel --authority http://127.0.0.1:7443 --token-file authority/owner.token',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const key = stoppedBy(options, 'firmseal stop lift');
        const { lifted } = await accessAuthority(face, options).call('liftStop', key);
        const text = lifted ? 'gets licenses again' : 'was not stopped';
        face.tell({ event: 'stop-lifted', ...key, lifted }, `${key.kind} ${key.name}: ${text}`);
      }),
    );
