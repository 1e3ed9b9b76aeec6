// `firmseal flash protect`: raises the readout level: 1, which unprotect lifts with an erase, or 2, which
// is for good.

import { Command } from '@commander-js/extra-typings';
import { findChip } from '@firmseal/chips';
import { chipOption } from '../../chip-option.ts';
import { runRequest } from '../../flash/run-request.ts';
import { dryRunOption, permanentOption, viaOption } from '../../flash/via-options.ts';
import { withProgrammer } from '../../flash/with-programmer.ts';
import { examples, level } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { neverTriedOption, requireTried } from '../../silicon/tried.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(chipOption())
    .addOption(viaOption())
    .option('--level <level>', 'readout level: 1 or 2', level, 1)
    .addOption(dryRunOption())
    .addOption(permanentOption())
    .addOption(neverTriedOption())
    .addHelpText('after', examples('flash protect --chip stm32f427 --via serial:COM7'))
    .action(
      runs(shell, async (face, options) => {
        const chip = findChip(options.chip);
        const { field, level0, level1, level2 } = chip.readoutProtection;
        // Not with --dry-run: it says what would happen and locks nothing.
        if (options.level === 2 && options.dryRun !== true)
          requireTried(chip, { ways: [options.via], agentSha256: undefined }, options);
        const value = [level0, level1, level2][options.level]!;
        const request = { options: [{ field, value }] };
        await withProgrammer(options, (programmer) => runRequest(face, { programmer, request }, options));
      }),
    );
