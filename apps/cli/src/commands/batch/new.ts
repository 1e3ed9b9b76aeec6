// `firmseal batch new`: standing licenses for chips that are elsewhere, in one signed file, from the records
// of their personalization. For lines without a connection.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseUnwritable, writeWholeFile } from '@firmseal/files';
import { splitPackage, verifyHeader } from '@firmseal/seal';
import { accessAuthority, jobId } from '../../authority-access.ts';
import { latestOfEachChip, readIdentityRecords } from '../../batch/identity-records.ts';
import { makeBatch } from '../../batch/make-batch.ts';
import { readInput } from '../../files.ts';
import {
  authorityOption,
  examples,
  listedStation,
  number,
  rootKeyOption,
  tokenOption,
} from '../../options.ts';
import { readPublicKey } from '../../public-key-file.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

const daySeconds = 86_400;
/** Chips after which a long batch says how far it is. */
const toldEvery = 512;

/** The end of a day in UTC: the same command later that day gets the same licenses. */
const endOfDay = (days: number): number =>
  (Math.floor(Date.now() / 1000 / daySeconds) + days + 1) * daySeconds - 1;

export const command = (shell: Shell) =>
  new Command()
    .argument('<job>', 'the job, opened with --mode standing', jobId)
    .addOption(authorityOption())
    .addOption(tokenOption())
    .requiredOption('--records <file>', 'records of the chips, of `firmseal personalize --records`')
    .addOption(rootKeyOption())
    .option('--package <file>', 'package of the job; default: the newest that is approved')
    .option('--days <number>', 'days for which it is good', number({ least: 1, most: 3650 }), 30)
    .option(
      '--station <name>',
      'station that the licenses are for; a job that lists stations asks for one of them',
      listedStation,
    )
    .requiredOption('--out <file>', 'the batch')
    .addHelpText(
      'after',
      examples(
        'batch new JOB --authority http://127.0.0.1:7443 --token-file owner.token \\\n' +
          '      --records chips.records --root-key root.key.pub --days 14 --out panel.batch',
      ),
    )
    .action(
      runs(shell, async (face, job, { records: file, rootKey, package: path, days, out, ...options }) => {
        const client = accessAuthority(face, options);
        refuseUnwritable(out);
        const rootPublicKey = readPublicKey(rootKey);
        const records = latestOfEachChip(readIdentityRecords(file));
        const asked =
          path === undefined
            ? undefined
            : verifyHeader(nodeCrypto, splitPackage(readInput(path)).header, { rootPublicKey }).manifest;
        const notAfterSeconds = endOfDay(days);
        const { bytes, batch, newUnits } = await makeBatch(client, {
          ...{ job, records, notAfterSeconds, rootPublicKey, file: out },
          ...{ manifestDigest: asked?.digest, station: options.station },
          onProgress: (licensed) => {
            if (licensed % toldEvery === 0)
              face.tell(
                { event: 'licensed', chips: licensed, of: records.length },
                `${licensed} of ${records.length} chips have a license`,
              );
          },
        });
        writeWholeFile(out, [bytes]);
        const { batchId, manifestDigest } = batch;
        const chips = batch.bundles.size;
        face.tell(
          { event: 'batch', file: out, batchId, job, manifestDigest, chips, newUnits, notAfterSeconds },
          `${out}: job ${toHex(job)}, licenses: ${chips}, good until ${showTime(notAfterSeconds * 1000)}; ` +
            `units taken now: ${newUnits}`,
        );
      }),
    );
