// `firmseal check`: what can be known of a package, a line or a batch before a chip is there.

import { Command } from '@commander-js/extra-typings';
import { isLicenseBatch } from '@firmseal/license';
import { isLineArchive } from '@firmseal/line';
import { checkArchive } from '../check/check-archive.ts';
import { checkBatch } from '../check/check-batch.ts';
import { checkLine } from '../check/check-line.ts';
import { checkPackage } from '../check/check-package.ts';
import { type Finding, findingLine } from '../check/finding.ts';
import { chipOption } from '../chip-option.ts';
import type { Face } from '../face.ts';
import { readHead } from '../files.ts';
import { examples, rootKeyOption } from '../options.ts';
import { readPublicKey } from '../public-key-file.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

type Kind = 'line file' | 'released line' | 'batch' | 'package';

/** By its first bytes: a line file is JSON, the others have a magic. */
function kindOf(path: string): Kind {
  const head = readHead(path);
  if (head.find((byte) => byte > 0x20 && byte < 0x80) === '{'.charCodeAt(0)) return 'line file';
  if (isLicenseBatch(head)) return 'batch';
  return isLineArchive(head) ? 'released line' : 'package';
}

interface CheckOptions {
  readonly rootKey?: string | undefined;
  readonly deviceCaDelegation?: string | undefined;
  readonly chip?: string | undefined;
  readonly board?: string | undefined;
  readonly licenses?: string | undefined;
  readonly batch?: string | undefined;
  readonly records?: string | undefined;
  readonly online?: true | undefined;
}

async function checkFile(
  face: Face,
  path: string,
  { online, rootKey, ...options }: CheckOptions,
  refuse: (text: string) => never,
): Promise<Finding[]> {
  const kind = kindOf(path);
  const { records } = options;
  if (kind === 'line file') return checkLine(face, path, { online: online === true, records });
  if (rootKey === undefined) return refuse("required option '--root-key <file>' not specified");
  if (kind === 'released line')
    return checkArchive(face, path, { rootKey, online: online === true, records });
  if (kind === 'package') return checkPackage({ ...options, rootKey, file: path });
  return checkBatch({ file: path, trust: { rootPublicKey: readPublicKey(rootKey) }, records });
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'a package, a line file, a released line, or a batch of licenses')
    .addOption(rootKeyOption().makeOptionMandatory(false))
    .option('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .addOption(chipOption().makeOptionMandatory(false))
    .option('--board <name>', 'a ready board, or a board file, that has to have the chip')
    .option('--licenses <folder>', 'standing licenses that have to be for this package')
    .option('--batch <file>', 'batch of licenses that has to be for this package')
    .option('--records <file>', 'identity records of chips that the batch has to hold')
    .option('--online', 'of a line: ask the authority whether it serves the jobs')
    .addHelpText(
      'after',
      examples(
        'check panel.seal --root-key root.key.pub --chip stm32f427',
        'check line-1.json --online',
        'check line-1.released --root-key root.key.pub --records chips.records',
      ),
    )
    .action(
      runs(shell, async (face, path, options, command) => {
        const findings = await checkFile(face, path, options, (text) => command.error(text));
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
