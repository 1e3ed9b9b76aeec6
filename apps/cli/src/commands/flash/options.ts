// `firmseal flash options`: shows the option bytes of a chip by name, or changes some of them.

import { Command } from '@commander-js/extra-typings';
import { findChip } from '@firmseal/chips';
import { optionTexts } from '@firmseal/programming';
import { chipOption } from '../../chip-option.ts';
import { runRequest } from '../../flash/run-request.ts';
import { dryRunOption, permanentOption, setOption, settingsOf, viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .addOption(setOption())
    .addOption(dryRunOption())
    .addOption(permanentOption())
    .addHelpText(
      'after',
      examples(
        'flash options --chip stm32l476 --via usb:1-4',
        'flash options --chip stm32l476 --via usb:1-4 --set BOR_LEV=2 --set IWDG_SW=0 --dry-run',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const chip = findChip(options.chip);
        const settings = settingsOf(chip, options.set);
        await withProgrammer(options, async (programmer) => {
          if (settings.length > 0) {
            await runRequest(face, { programmer, request: { options: settings } }, options);
            return;
          }
          await programmer.identify();
          const values = await programmer.readOptions();
          face.tell({ event: 'options', values }, ...optionTexts(chip, values));
        });
      }),
    );
