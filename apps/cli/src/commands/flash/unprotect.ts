// `firmseal flash unprotect`: readout level 1 to 0, which erases the whole flash.

import { Command } from '@commander-js/extra-typings';
import { chipOption } from '../../chip-option.ts';
import { confirmEraseOption, requireEraseConsent, viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .addOption(confirmEraseOption())
    .addHelpText('after', examples('flash unprotect --chip stm32f427 --via serial:COM7 --confirm-erase'))
    .action(
      runs(shell, async (face, options) => {
        requireEraseConsent(options.confirmErase);
        await withProgrammer(options, async (programmer) => {
          const { readProtected } = await programmer.identify();
          if (!readProtected) {
            face.tell(
              { event: 'not-protected' },
              'the chip is at readout level 0 already: nothing was erased',
            );
            return;
          }
          await programmer.unprotect();
          await programmer.identify();
          face.tell({ event: 'unprotected' }, 'readout level 0, and with it the whole flash is erased');
        });
      }),
    );
