// `firmseal check`: what can be known of a package or of a line file before a chip is there.

import { Command } from '@commander-js/extra-typings';
import { checkLine } from '../check/check-line.ts';
import { checkPackage } from '../check/check-package.ts';
import { findingLine } from '../check/finding.ts';
import { chipOption } from '../chip-option.ts';
import { readInput } from '../files.ts';
import { examples, rootKeyOption } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

/** A line file is JSON, a package is not. */
const isLineFile = (path: string): boolean => {
  const first = readInput(path).find((byte) => byte > 0x20 && byte < 0x80);
  return first === '{'.charCodeAt(0);
};

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'the package, or a line file')
    .addOption(rootKeyOption().makeOptionMandatory(false))
    .option('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .addOption(chipOption().makeOptionMandatory(false))
    .option('--board <name>', 'a ready board, or a board file, that has to have the chip')
    .option('--licenses <folder>', 'standing licenses that have to be for this package')
    .option('--online', 'of a line file: ask the authority whether it serves the jobs')
    .addHelpText(
      'after',
      examples('check panel.seal --root-key root.key.pub --chip stm32f427', 'check line-1.json --online'),
    )
    .action(
      runs(shell, async (face, path, { rootKey, online, ...options }, command) => {
        if (!isLineFile(path) && rootKey === undefined)
          command.error("required option '--root-key <file>' not specified");
        const findings = isLineFile(path)
          ? await checkLine(face, path, { online: online === true })
          : checkPackage({ ...options, rootKey: rootKey!, file: path });
        for (const finding of findings) {
          const { fault, ...said } = finding;
          const code = fault === undefined ? {} : { code: fault.code, number: fault.number };
          face.tell({ event: 'finding', ...said, ...code }, findingLine(finding));
        }
        const problems = findings.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
        const [first] = problems;
        if (first !== undefined) throw first;
        face.tell(
          { event: 'checked', findings: findings.length },
          'Nothing was found that an install would be refused for.',
        );
      }),
    );
