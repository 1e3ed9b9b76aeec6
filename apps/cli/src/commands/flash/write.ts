// `firmseal flash write`: a firmware file into the flash of a chip, compared before and after; option
// bytes and start in the same run. Sectors that hold the file already are left as they are.

import { Command } from '@commander-js/extra-typings';
import { findChip } from '@firmseal/chips';
import { chipOption } from '../../chip-option.ts';
import { runRequest } from '../../flash/run-request.ts';
import {
  confirmEraseOption,
  dryRunOption,
  permanentOption,
  requireEraseConsent,
  setOption,
  settingsOf,
  viaOption,
} from '../../flash/via-options.ts';
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
    .option('--keep-rest', 'keep what a sector that must be erased holds outside of the file')
    .addOption(setOption())
    .option('--start', 'start the program at the end')
    .option('--unprotect', 'lift readout level 1 first, which erases the whole flash')
    .addOption(confirmEraseOption())
    .addOption(dryRunOption())
    .addOption(permanentOption())
    .addHelpText(
      'after',
      examples(
        'flash write app.hex --chip stm32g0b1 --via serial:/dev/ttyACM0 --start',
        'flash write app.elf --chip stm32h743 --via probe:1-4.2 --set RDP=0xBB --dry-run',
      ),
    )
    .action(
      runs(shell, async (face, file, options) => {
        const chip = findChip(options.chip);
        const { at, keepRest = false, start, unprotect } = options;
        if (unprotect === true) requireEraseConsent(options.confirmErase);
        const { segments } = readImageFile(file, at === undefined ? {} : { address: at });
        const request = {
          ...{ segments, keepRest, options: settingsOf(chip, options.set) },
          ...(unprotect === true && { unprotect }),
          ...(start === true && { start: segments[0]!.address }),
        };
        await withProgrammer(options, (programmer) => runRequest(face, { programmer, request }, options));
      }),
    );
