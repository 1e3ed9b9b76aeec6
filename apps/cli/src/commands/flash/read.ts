// `firmseal flash read`: the flash of a chip, or a range of addresses, into a file: Intel HEX by the name
// *.hex, else the bare bytes.

import { Command } from '@commander-js/extra-typings';
import { utf8 } from '@firmseal/bytes';
import { findChip, hexAddress } from '@firmseal/chips';
import { refuseUnmakeable, writeNewFiles } from '@firmseal/files';
import { intelHexLines } from '@firmseal/image';
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
    .requiredOption('--out <file>', 'where to write: *.hex is Intel HEX, others are bare bytes')
    .addOption(fromOption())
    .addOption(lengthOption())
    .addHelpText(
      'after',
      examples(
        'flash read --chip stm32f427 --via serial:COM7 --from 0x08000000 --length 65536 --out boot.bin',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { addressStart, length } = rangeOf(findChip(options.chip), options);
        refuseUnmakeable([options.out]);
        await withProgrammer(options, async (programmer) => {
          await programmer.identify();
          const bytes = await programmer.read(addressStart, length);
          const isHex = /\.hex$/i.test(options.out);
          const content = isHex
            ? utf8([...intelHexLines([{ address: addressStart, bytes }])].join(''))
            : bytes;
          writeNewFiles([{ path: options.out, parts: [content] }]);
        });
        face.tell(
          { event: 'read', address: addressStart, length, file: options.out },
          `${options.out}: ${length} bytes from ${hexAddress(addressStart)}`,
        );
      }),
    );
