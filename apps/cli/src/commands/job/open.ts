// `firmseal job open`: a job for a package and a quota. It issues nothing until it is approved.

import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { toHex, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { splitPackage } from '@firmseal/seal';
import { approveFirst, dueOf, withApprover } from '../../approver.ts';
import { accessAuthority } from '../../authority-access.ts';
import { readDeviceData } from '../../device-data-file.ts';
import { readInput } from '../../files.ts';
import { tellJob } from '../../job-view.ts';
import {
  leastWitnessesOption,
  logKeyOption,
  readLedgerPolicy,
  witnessKeyOption,
} from '../../ledger/note-keys.ts';
import { lineTokenDays, publicTokenDays, tellLineToken } from '../../line-token.ts';
import {
  authorityOption,
  collectAccepted,
  collectStations,
  examples,
  number,
  tokenOption,
} from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

const dayMs = 86_400_000;

/** Of a quota: a number stands for itself, a share is rounded down. */
function fewUnits(text: string): (quota: number) => number {
  const [, digits, share] = /^(\d{1,10})(%?)$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits === undefined || value > (share === '%' ? 100 : 0x7fff_ffff))
    throw new InvalidArgumentError('A number of units is due, or a share from 0% to 100%.');
  return (quota) => (share === '%' ? Math.floor((quota * value) / 100) : value);
}

export const command = (shell: Shell) =>
  withApprover(
    new Command()
      .addOption(authorityOption())
      .addOption(tokenOption())
      .requiredOption('--package <file>', 'the package')
      .option('--content-key <file>', 'its wrapped content key; by default PACKAGE.key')
      .requiredOption('--quota <number>', 'how many chips', number({ least: 1 }))
      .option('--id-file <file>', 'where to write the id of the job')
      .option('--approve', 'approve the job too: for an owner who needs no second person')
      .option('--line-token <file>', 'make a token for a line, and write it here')
      .addOption(
        new Option(
          '--mode <mode>',
          'kind of licenses: standing ones work without a connection; station: for chips without agent; update: for devices in the field, opened by `firmseal job rollout`',
        )
          .choices(['session', 'standing', 'station', 'update'])
          .default('session' as const),
      )
      .option(
        '--accept <outcome>',
        'outcome that you take besides PASS: UNPROTECTED, REPAIRABLE, UNWITNESSED, ENROLLED, REHEARSAL, or DONE-UNPROVEN, which a station says (repeat)',
        collectAccepted,
      )
      .option(
        '--device-data <file>',
        'for a package with per-device areas: a line a chip, in it the value of each area, hexadecimal, in ascending address',
      )
      .option(
        '--valid-days <number>',
        'how long the job gives licenses; without it there is no such end',
        number({ least: 1, most: 3650 }),
      )
      .option(
        '--few-units <number>',
        'warn when so many units are left: a number, or a share of the quota as in 5%; 10% when left out, 0 for never',
        fewUnits,
      )
      .option(
        '--station <name>',
        'station that may take licenses, or SITE/* for every station of a site; no other may (repeat)',
        collectStations,
      )
      .addOption(logKeyOption())
      .addOption(witnessKeyOption())
      .addOption(leastWitnessesOption()),
  )
    .addHelpText(
      'after',
      examples(
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --quota 4 --approve --id-file job.id --line-token line.token',
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --quota 4 --accept UNPROTECTED',
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --quota 4 --station bench-1 --station "shenzhen/*"',
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token \\\n' +
          '      --package panel.seal --quota 4 --log-key ledger.vkey --witness-key witness.vkey',
      ),
    )
    .action(
      runs(shell, async (face, options, called) => {
        const { quota, mode, idFile, lineToken, accept: accepts = [] } = options;
        const deviceData = options.deviceData === undefined ? [] : readDeviceData(options.deviceData);
        const ledgerPolicy = readLedgerPolicy(options);
        const client = accessAuthority(face, options);
        // The desk file names the files of its latest job; a file that was named here is never replaced.
        const outputOf = (path: string | undefined, name: string) => {
          const existing = called.getOptionValueSource(name) === 'desk' ? 'replace' : 'refuse';
          return path === undefined ? undefined : ({ path, existing } as const);
        };
        const outputs = [outputOf(idFile, 'idFile'), outputOf(lineToken, 'lineToken')] as const;
        // Before the job is opened: it would be there without its id.
        if (idFile !== undefined && lineToken !== undefined && resolve(idFile) === resolve(lineToken))
          throw new Fault('command-line-invalid', {
            command: 'firmseal job open',
            detail: '--id-file and --line-token name one file',
          });
        const { station: stations } = options;
        const lineStation = stations === undefined ? {} : { station: stations[0]! };
        if (
          lineToken !== undefined &&
          stations !== undefined &&
          (stations.length > 1 || /\*$/.test(stations[0]!))
        )
          throw new Fault('command-line-invalid', {
            command: 'firmseal job open',
            detail: '--line-token does not say for which of the stations: make it by `firmseal job token`',
          });
        for (const output of outputs) if (output) refuseUnwritable(output.path, output);
        const { headerBytes } = splitPackage(readInput(options.package));
        const contentKeyFile = readInput(options.contentKey ?? `${options.package}.key`);
        const { validDays } = options;
        const input = {
          ...{ header: headerBytes, contentKeyFile, quota, mode, accepts, deviceData },
          ...(options.fewUnits === undefined ? {} : { fewUnits: options.fewUnits(quota) }),
          ...(ledgerPolicy ? { ledgerPolicy } : {}),
          ...(stations === undefined ? {} : { stations }),
          ...(validDays === undefined ? {} : { validUntilMs: Date.now() + validDays * dayMs }),
        };
        const opened = await client.call('openJob', input);
        for (const set of deviceData) for (const value of set) value.fill(0);
        const { job } = opened;
        const write = (output: (typeof outputs)[number], text: string, fileMode: number) => {
          const { path, existing } = output!;
          writeWholeFile(path, [utf8(`${text}\n`)], { mode: fileMode, existing });
        };
        if (outputs[0] !== undefined) write(outputs[0], toHex(job), 0o644);
        if (options.approve === true)
          await approveFirst(face, client, {
            ...{ options, view: opened, subjects: () => dueOf(opened) },
          }).catch((fault: unknown) => {
            tellJob(face, opened); // It is there, and waits for its approval.
            throw fault;
          });
        const view = options.approve === true ? await client.call('approveJob', { job }) : opened;
        tellJob(face, view);
        if (outputs[1] === undefined) return;
        const lifeDays = mode === 'update' ? publicTokenDays : lineTokenDays;
        const request = { job, label: 'line', lifeDays, ...lineStation };
        const { token, tokenId, expiresAtMs } = await client.call('createLineToken', request);
        write(outputs[1], token, 0o600);
        tellLineToken(face, { job, tokenId, expiresAtMs, file: outputs[1].path }, mode);
      }),
    );
