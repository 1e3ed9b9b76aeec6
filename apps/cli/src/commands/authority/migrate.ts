// `firmseal authority migrate`: everything of an authority goes from its SQLite file into an empty PostgreSQL
// database, or nothing does. From then on the file takes no write, and the folder is served from PostgreSQL.

import { existsSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import { copyToPostgres, formatHead, parsePostgresUrl, showPostgresAddress } from '@firmseal/authority';
import { utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { readBoundedFile, writeNewFiles } from '@firmseal/files';
import { authorityPaths, readDatabaseUrl } from '../../authority-folder.ts';
import { warnOfReaders } from '../../file-readers.ts';
import { examples } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

const urlBytesAtMost = 4096;

export const command = (shell: Shell) =>
  new Command()
    .argument('<folder>', "the authority's folder")
    .addOption(
      new Option('--to <url>', 'postgresql://USER@HOST/DATABASE, the password in PGPASSFILE').conflicts(
        'toFile',
      ),
    )
    .option('--to-file <file>', 'file with that address, which may hold the password')
    .addHelpText(
      'after',
      examples('authority migrate authority --to postgresql://firmseal@db.example/firmseal'),
    )
    .action(
      runs(shell, async (face, folder, { to, toFile }) => {
        const { database, databaseUrl } = authorityPaths(folder);
        if (toFile !== undefined) warnOfReaders(face, toFile);
        const address =
          toFile === undefined
            ? parsePostgresUrl(to ?? '', { allowPassword: false })
            : readDatabaseUrl(toFile);
        if (existsSync(databaseUrl)) throw new Fault('file-exists', { file: databaseUrl });
        const target = { address, crypto: nodeCrypto };
        const head = await copyToPostgres({ path: database, move: true }, target);
        const text = toFile === undefined ? utf8(`${to}\n`) : readBoundedFile(toFile, urlBytesAtMost);
        writeNewFiles([{ path: databaseUrl, parts: [text], mode: 0o600 }]);
        face.tell(
          { event: 'database-moved', folder, logSize: head.size },
          `${folder}: moved to ${showPostgresAddress(address)}, verified`,
          `  head of the log: ${formatHead(head)}`,
          `  ${databaseUrl} names the database; ${database} takes no write any more`,
          '  start every process that serves this authority again',
        );
      }),
    );
