// `firmseal identity send`: the records of a file to the authority, which keeps each once: after a time
// without a connection, or from a site that never has a connection.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { accessAuthority } from '../../authority-access.ts';
import { readIdentityRecords } from '../../batch/identity-records.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  new Command()
    .argument('<file>', 'file that `firmseal personalize --records` wrote')
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('identity send chips.jsonl --authority http://127.0.0.1:7443 --token-file site.token'),
    )
    .action(
      runs(shell, async (face, file, options) => {
        const client = accessAuthority(face, options);
        const records = readIdentityRecords(file);
        let added = 0;
        for (const { record } of records) {
          const { thumbprint, stored } = await client.call('storeIdentity', { record });
          if (stored) added++;
          face.event({ event: 'record-delivered', thumbprint: toHex(thumbprint), stored });
        }
        face.tell(
          { event: 'records-delivered', file, records: records.length, added },
          `${file}: the authority has all ${records.length} records, ${added} of them from now`,
        );
      }),
    );
