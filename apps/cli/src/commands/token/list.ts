// `firmseal token list`: every token by its id; the texts are kept nowhere.

import type { TokenView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { listingCommand } from '../../listing.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

function stateOf({ revokedAtMs, expiresAtMs }: TokenView, nowMs: number): string {
  if (revokedAtMs !== undefined) return `revoked ${showTime(revokedAtMs)}`;
  if (expiresAtMs === undefined) return 'valid until it is revoked';
  return `${nowMs < expiresAtMs ? 'valid until' : 'expired'} ${showTime(expiresAtMs)}`;
}

export const command = (shell: Shell) =>
  listingCommand(shell, {
    name: 'token list',
    read: async (client, from) => {
      const { tokens: items, more } = await client.call('listTokens', { from });
      return { items, more };
    },
    tell: (face, token) => {
      const { tokenId, scope, job, label, station } = token;
      const ofJob = job === undefined ? '' : ` of job ${toHex(job)}`;
      face.tell(
        { event: 'token', ...token },
        `${tokenId}: ${scope}${ofJob}${station === undefined ? '' : ` at station ${station}`}, "${label}", ${stateOf(token, Date.now())}`,
      );
    },
  });
