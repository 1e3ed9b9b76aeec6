// `firmseal flash blank-check`: whether a chip, or a range of its flash, is erased. Reads only.

import { Command } from '@commander-js/extra-typings';
import { findChip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { firstProgrammed } from '@firmseal/programming';
import { chipOption } from '../../chip-option.ts';
import { fromOption, lengthOption, rangeOf, viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .addOption(fromOption())
    .addOption(lengthOption())
    .addHelpText('after', examples('flash blank-check --chip stm32g0b1 --via serial:COM7'))
    .action(
      runs(shell, async (face, options) => {
        const range = rangeOf(findChip(options.chip), options);
        await withProgrammer(options, async (programmer) => {
          await programmer.identify();
          const found = await firstProgrammed(programmer, [range]);
          if (found !== undefined) throw new Fault('flash-not-blank', { address: hexAddress(found) });
        });
        face.tell({ event: 'blank', ...range }, 'erased');
      }),
    );
