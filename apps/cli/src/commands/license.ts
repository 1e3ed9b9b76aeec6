// `firmseal license`: the standing licenses of the chips in the sockets, as files. `firmseal attach-license`
// puts one into a package, which any program that downloads files can then bring to that chip.

import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { writeWholeFile } from '@firmseal/files';
import { openJournalFile } from '@firmseal/journal-file-adapter';
import { takeLicense } from '@firmseal/programmer';
import { jobId } from '../authority-access.ts';
import { leastWitnessesOption, logKeyOption, witnessKeyOption } from '../ledger/note-keys.ts';
import { setUpLine } from '../line-setup.ts';
import { authorityOption, examples, rootKeyOption, stationsOption, tokenOption } from '../options.ts';
import { openOutputFolder } from '../output-folder.ts';
import { withStations } from '../remote/stations.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { collectSockets } from '../sockets.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<package>', 'the package')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--job <job>', 'the job, opened with --mode standing', jobId)
    .requiredOption('--socket <place>', 'a chip: serial:, usb: or tcp: (repeat)', collectSockets)
    .addOption(rootKeyOption())
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .addOption(stationsOption())
    .addOption(logKeyOption())
    .addOption(witnessKeyOption())
    .addOption(leastWitnessesOption())
    .requiredOption('--out <folder>', 'where to write THUMBPRINT.license for each chip')
    .option('--journal <file>', 'file that keeps the progress, as of install', 'firmseal-line.jsonl')
    .addHelpText(
      'after',
      examples(
        'license panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token \\\n' +
          '      --root-key root.key.pub --device-ca-delegation ca.delegation \\\n' +
          '      --socket serial:/dev/ttyACM0 --out licenses',
      ),
    )
    .action(
      runs(shell, async (face, path, { out, socket: sockets, ...options }) => {
        const given = { stations: options.stations, places: sockets };
        await withStations(face, given, async (stations) => {
          const { delegation: _, ...line } = setUpLine(face, path, { ...options, stations });
          openOutputFolder(out, 'any.license');
          const journal = await openJournalFile(options.journal);
          try {
            for (const socket of sockets) {
              const { bundle, ...taken } = await takeLicense({ ...line, journal, socket });
              const { thumbprint, chipId, licenseId, unitIndex, newUnit } = taken;
              const file = join(out, `${toHex(thumbprint)}.license`);
              writeWholeFile(file, [bundle]);
              face.tell(
                { event: 'license', file, socket, ...taken },
                `${file}: ${chipId} in ${socket}, license ${toHex(licenseId)}, ` +
                  `unit ${unitIndex}${newUnit === true ? '' : ', which the chip had already'}`,
              );
            }
          } finally {
            await journal.close();
          }
        });
      }),
    );
