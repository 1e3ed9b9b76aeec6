// `firmseal identity list`: the chips whose records of identity the authority keeps.

import { Command } from '@commander-js/extra-typings';
import { toHex } from '@firmseal/bytes';
import { accessAuthority } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('identity list --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, options) => {
        const client = accessAuthority(face, options);
        const identities = readPages(async (from) => {
          const { identities: items, more } = await client.call('listIdentities', { from });
          return { items, more };
        });
        let count = 0;
        for await (const one of identities) {
          count++;
          const { product, chip, thumbprint, origin, readoutLevel, uniqueId, board, madeAtMs } = one;
          const rehearsal = origin.rehearsal ? ' in a rehearsal' : '';
          face.tell(
            { event: 'identity', ...one },
            `${chip} ${toHex(thumbprint)}: ${product}, identity ${origin.kind}${rehearsal}, readout level ${readoutLevel}, ` +
              `unique id ${uniqueId}${board === '' ? '' : `, board ${board}`}, ${showTime(madeAtMs)}`,
          );
        }
        face.tell({ event: 'identities', count }, `${count} records of identities`);
      }),
    );
