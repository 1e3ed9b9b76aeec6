// `firmseal line run`: many sockets for a whole shift, from one line file or from a released line.

import { dirname, join, resolve } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { equalBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { LineFile } from '@firmseal/line';
import type { Face } from '../../face.ts';
import { readLineFile } from '../../line/read-line-file.ts';
import { isArchive, readArchive, unpackArchive } from '../../line/released-line.ts';
import { type LineRun, runLine } from '../../line/run-line.ts';
import { examples, number, passphraseOption, rootKeyOption, stationsOption } from '../../options.ts';
import { withStations } from '../../remote/stations.ts';
import { runs } from '../../runs.ts';
import { withKey } from '../../secret-files.ts';
import type { Shell } from '../../shell.ts';

interface RunOptions {
  readonly work?: string | undefined;
  readonly onPass?: string | undefined;
  readonly licenseCache?: string | undefined;
  readonly cycles?: number | undefined;
  readonly rootKey?: string | undefined;
  readonly engineerKey?: string | undefined;
  readonly passphraseFile?: string | undefined;
  readonly deviceCa?: string | undefined;
  readonly deviceCaPassphraseFile?: string | undefined;
  readonly siteTokenFile?: string | undefined;
  readonly stations?: string | undefined;
}

export const command = (shell: Shell) =>
  new Command()
    .argument('<line>', 'the line file (docs/line.md), or the archive that `firmseal line pack` wrote')
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
    .addOption(stationsOption())
    .addOption(rootKeyOption().makeOptionMandatory(false))
    .option('--engineer-key <file>', 'the key that signed the archive: lets options change a released line')
    .addOption(passphraseOption('the engineer key'))
    .option('--device-ca <file>', 'at a trusted site: key of the device CA, for the section personalize')
    .option('--device-ca-passphrase-file <file>', 'first line is the passphrase of that key')
    .addOption(
      new Option(
        '--site-token-file <file>',
        'in place of that key: token of the site, whose blank chips the authority certifies and counts',
      ).conflicts(['deviceCa', 'deviceCaPassphraseFile']),
    )
    .addHelpText(
      'after',
      examples('line run line-1.json', 'line run line-1.json --json --cycles 1') +
        '  $ firmseal line run line-1.released --root-key root.key.pub\n',
    )
    .action(
      runs(shell, async (face, path, options, command) => {
        const near = (name: string) => options.work ?? join(dirname(resolve(path)), name);
        if (!isArchive(path)) {
          const file = readLineFile(path);
          return runWithStations(face, options, { ...options, file, work: near(file.name) });
        }
        const { rootKey } = options;
        if (rootKey === undefined) command.error("required option '--root-key <file>' not specified");
        return runReleased(face, path, { ...options, rootKey: rootKey!, near });
      }),
    );

/** The line runs by the archive alone; options that would change it need the key that signed the archive. */
async function runReleased(
  face: Face,
  path: string,
  options: RunOptions & { readonly rootKey: string; readonly near: (name: string) => string },
): Promise<number> {
  const { rootKey, licenseCache, onPass, cycles, engineerKey: file, passphraseFile } = options;
  const { deviceCa, deviceCaPassphraseFile, siteTokenFile } = options;
  const archive = readArchive(path, rootKey);
  if (licenseCache !== undefined) throw new Fault('line-released', { option: '--license-cache' });
  if (file !== undefined) {
    const what = { file, role: 'package-signer', what: 'the engineer key', passphraseFile } as const;
    const isSigner = await withKey(face, what, async (key) => equalBytes(key.publicKey, archive.signerKey));
    if (!isSigner) throw new Fault('line-released', { option: '--engineer-key of another key' });
  } else if (onPass !== undefined) throw new Fault('line-released', { option: '--on-pass' });
  const name = lineNameOf(path);
  const work = options.near(name);
  const line: LineFile = unpackArchive(archive, { path, rootKey, folder: join(work, 'released') });
  const run = { file: line, work, onPass, cycles, deviceCa, deviceCaPassphraseFile, siteTokenFile };
  return runWithStations(face, options, run);
}

/** How this machine reaches stations is its own affair: no line file and no archive says it. */
const runWithStations = (
  face: Face,
  { stations: path }: Pick<RunOptions, 'stations'>,
  run: Omit<LineRun, 'stations'>,
): Promise<number> => {
  const places = run.file.sockets.map(({ place }) => place);
  return withStations(face, { stations: path, places }, (stations) => runLine(face, { ...run, stations }));
};

/** `line-1.released` keeps its work in `line-1`. */
const lineNameOf = (path: string): string => {
  const name = path.split(/[\\/]/).at(-1)!;
  const short = name.replace(/\.[^.]+$/, '');
  return short === name ? `${name}.work` : short;
};
