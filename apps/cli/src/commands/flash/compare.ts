// `firmseal flash compare`: whether a chip holds a firmware file. Reads only.

import { Command } from '@commander-js/extra-typings';
import { hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { firstDifference } from '@firmseal/programming';
import { chipOption } from '../../chip-option.ts';
import { viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { readImageFile } from '../../image-file.ts';
import { address, examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'firmware: ELF, Intel HEX, S-record, BIN or DFU')
    .addOption(chipOption())
    .addOption(viaOption())
    .option('--at <address>', 'where a BIN file belongs', address)
    .addHelpText('after', examples('flash compare app.hex --chip stm32g0b1 --via serial:COM7'))
    .action(
      runs(shell, async (face, file, options) => {
        const { at } = options;
        const { segments } = readImageFile(file, at === undefined ? {} : { address: at });
        await withProgrammer(options, async (programmer) => {
          await programmer.identify();
          const differs = await firstDifference(programmer, segments);
          if (differs !== undefined) throw new Fault('flash-differs', { address: hexAddress(differs), file });
        });
        face.tell({ event: 'same', file }, `the chip holds ${file}`);
      }),
    );
