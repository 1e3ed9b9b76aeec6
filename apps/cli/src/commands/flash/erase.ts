// `firmseal flash erase`: all of the flash, or the sectors that a range touches; read back, since
// bootloaders acknowledge erases that did not happen.

import { Command } from '@commander-js/extra-typings';
import { eraseUnitsOf, findChip, hexAddress } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { firstProgrammed } from '@firmseal/programming';
import { chipOption } from '../../chip-option.ts';
import { fromOption, lengthOption, rangeOf, viaOption } from '../../flash/via-options.ts';
import { flashTeller, withProgrammer } from '../../flash/with-programmer.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .option('--all', 'the whole flash')
    .addOption(fromOption())
    .addOption(lengthOption())
    .option('--no-verify', 'do not read back whether it is erased')
    .addHelpText(
      'after',
      examples(
        'flash erase --chip stm32g0b1 --via serial:COM7 --all',
        'flash erase --chip stm32f427 --via usb:1-4 --from 0x08040000 --length 131072',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const chip = findChip(options.chip);
        const { all, from, length, verify } = options;
        if ((all === true) === (from !== undefined || length !== undefined))
          throw new Fault('erase-range-missing');
        const units = all === true ? chip.flash.eraseUnits : eraseUnitsOf(chip, rangeOf(chip, options));
        await withProgrammer(options, async (programmer) => {
          await programmer.identify();
          const tell = flashTeller(face);
          if (all === true) await programmer.eraseAll();
          else
            await programmer.eraseUnits(units, (done) =>
              tell({ event: 'progress', stage: 'erase', done, total: units.length }),
            );
          const ranges = units.map(({ addressStart, sizeBytes }) => ({ addressStart, length: sizeBytes }));
          const found = verify ? await firstProgrammed(programmer, ranges) : undefined;
          if (found !== undefined) throw new Fault('erase-not-done', { address: hexAddress(found) });
        });
        const text = verify ? 'erased, and read back as erased' : 'erased';
        face.tell({ event: 'erased', sectors: units.length, verified: verify }, text);
      }),
    );
