// `firmseal flash start`: starts the program whose vector table is at an address.

import { Command } from '@commander-js/extra-typings';
import { findChip, hexAddress } from '@firmseal/chips';
import { chipOption } from '../../chip-option.ts';
import { viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { address, examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .option('--at <address>', 'vector table; default: the start of the flash', address)
    .addHelpText('after', examples('flash start --chip stm32f427 --via usb:1-4'))
    .action(
      runs(shell, async (face, options) => {
        const start = options.at ?? findChip(options.chip).flash.addressStart;
        await withProgrammer(options, async (programmer) => {
          await programmer.identify();
          await programmer.start(start);
        });
        face.tell({ event: 'started', address: start }, `started the program at ${hexAddress(start)}`);
      }),
    );
