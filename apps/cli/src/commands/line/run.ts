// `firmseal line run`: many sockets for a whole shift, from one line file.

import { dirname, join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { readLineFile } from '../../line/read-line-file.ts';
import { runLine } from '../../line/run-line.ts';
import { examples, number } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<linefile>', 'the line file: sockets, packages, limits (docs/line.md)')
    .option(
      '--work <folder>',
      'where journal, receipts, logs and reports go; default: the name of the line, beside its file',
    )
    .option('--on-pass <command>', 'run for each chip that passed; its environment names chip and socket')
    .option('--license-cache <folder>', 'for development: install the same chips again with one license each')
    .option(
      '--cycles <number>',
      'end each socket after so many results; default: until it is asked to stop',
      number({ least: 1 }),
    )
    .addHelpText('after', examples('line run line-1.json', 'line run line-1.json --json --cycles 1'))
    .action(
      runs(shell, async (face, path, { work, onPass, licenseCache, cycles }) => {
        const file = readLineFile(path);
        const folder = work ?? join(dirname(resolve(path)), file.name);
        return runLine(face, { file, work: folder, onPass, licenseCache, cycles });
      }),
    );
