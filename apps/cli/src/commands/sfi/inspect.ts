// `firmseal sfi inspect`: what is in an .sfi file, an option-byte file or a log of ST's tools. Nothing is
// sent anywhere, and no chip is touched.

import { Command } from '@commander-js/extra-typings';
import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import {
  familyOfPart,
  findCauses,
  looksLikeOptionFile,
  looksLikeSfi,
  readToolLog,
  type SfiFamily,
  type SfiKey,
  type ToolLog,
} from '@firmseal/sfi';
import type { Face } from '../../face.ts';
import { warnOfReaders } from '../../file-readers.ts';
import { readInput } from '../../files.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import { inspectImage } from '../../sfi/inspect-image.ts';
import { inspectLog } from '../../sfi/inspect-log.ts';
import { inspectOptions } from '../../sfi/inspect-options.ts';
import { textOf } from '../../sfi/text-file.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', "an .sfi file, an option-byte file (CSV), or a log of ST's tools")
    .option('--key <file>', 'the 16 bytes of the image key: checks every area')
    .option('--nonce <file>', 'the 12 bytes of the nonce')
    .option('--chip <part>', 'the part, where the file does not tell its family', familyOption)
    .addHelpText(
      'after',
      `
Read by public documents and public files. firmseal was never run against ST's tools.
${examples('sfi inspect panel.sfi', 'sfi inspect panel.sfi --key image.key --nonce image.nonce', 'sfi inspect panel-options.csv --chip stm32u575', 'sfi inspect install.log')}`,
    )
    .action(
      runs(shell, async (face, path, { key, nonce, chip }) => {
        inspectFile(face, path, { given: readSfiKey(face, key, nonce), family: chip });
      }),
    );

/** The family that a part belongs to. Throws what familyOfPart does. */
function familyOption(part: string): SfiFamily {
  return familyOfPart(part);
}

function readSfiKey(face: Face, key: string | undefined, nonce: string | undefined): SfiKey | undefined {
  if (key === undefined && nonce === undefined) return undefined;
  if (key === undefined || nonce === undefined)
    throw new Fault('command-line-invalid', {
      detail: '--key and --nonce are given together',
      command: 'firmseal sfi inspect',
    });
  warnOfReaders(face, key);
  return { key: readInput(key), nonce: readInput(nonce) };
}

/** A piece of a log may be one line that only the table of causes knows. */
const isLog = (log: ToolLog): boolean =>
  log.recognized || (log.errors.length > 0 && findCauses({ log, failed: true }).length > 0);

function inspectFile(
  face: Face,
  path: string,
  { given, family }: { given: SfiKey | undefined; family: SfiFamily | undefined },
): void {
  const file: Bytes = readInput(path);
  const isNamedSfi = /\.sfix?$/i.test(path);
  const text = textOf(file);
  const log = text === undefined || looksLikeOptionFile(text) ? undefined : readToolLog(text);
  if (looksLikeSfi(file) || isNamedSfi) inspectImage(face, path, file, given);
  else if (text === undefined) throw new Fault('sfi-file-unknown', { file: path });
  else if (log !== undefined && isLog(log)) inspectLog(face, path, { log, chosen: family });
  else if (log === undefined || /\.csv$/i.test(path)) inspectOptions(face, path, text, family);
  else throw new Fault('sfi-file-unknown', { file: path });
}
