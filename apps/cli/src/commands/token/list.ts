// `firmseal token list`: every token by its id; the texts are kept nowhere.

import { Command } from '@commander-js/extra-typings';
import type { TokenView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { accessAuthority } from '../../authority-access.ts';
import { readPages } from '../../authority-pages.ts';
import { authorityOption, examples, tokenOption } from '../../options.ts';
import { runs } from '../../runs.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

function stateOf({ revokedAtMs, expiresAtMs }: TokenView, nowMs: number): string {
  if (revokedAtMs !== undefined) return `revoked ${showTime(revokedAtMs)}`;
  if (expiresAtMs === undefined) return 'valid until it is revoked';
  return `${nowMs < expiresAtMs ? 'valid until' : 'expired'} ${showTime(expiresAtMs)}`;
}

export const command = (shell: Shell) =>
  new Command()
    .addOption(authorityOption())
    .addOption(tokenOption())
    .addHelpText(
      'after',
      examples('token list --authority http://127.0.0.1:7443 --token-file authority/owner.token'),
    )
    .action(
      runs(shell, async (face, options) => {
        const client = accessAuthority(face, options);
        const tokens = readPages(async (from) => {
          const { tokens: items, more } = await client.call('listTokens', { from });
          return { items, more };
        });
        for await (const token of tokens) {
          const { tokenId, scope, job, label } = token;
          const ofJob = job === undefined ? '' : ` of job ${toHex(job)}`;
          face.tell(
            { event: 'token', ...token },
            `${tokenId}: ${scope}${ofJob}, "${label}", ${stateOf(token, Date.now())}`,
          );
        }
      }),
    );
