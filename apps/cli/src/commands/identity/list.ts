// `firmseal identity list`: the chips whose records of identity the authority keeps.

import { toHex } from '@firmseal/bytes';
import { howMany } from '../../how-many.ts';
import { listingCommand } from '../../listing.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

export const command = (shell: Shell) =>
  listingCommand(shell, {
    name: 'identity list',
    read: async (client, from) => {
      const { identities: items, more } = await client.call('listIdentities', { from });
      return { items, more };
    },
    tell: (face, one) => {
      const { product, chip, thumbprint, origin, readoutLevel, uniqueId, board, madeAtMs } = one;
      const rehearsal = origin.rehearsal ? ' in a rehearsal' : '';
      face.tell(
        { event: 'identity', ...one },
        `${chip} ${toHex(thumbprint)}: ${product}, identity ${origin.kind}${rehearsal}, readout level ${readoutLevel}, ` +
          `unique id ${uniqueId}${board === '' ? '' : `, board ${board}`}, ${showTime(madeAtMs)}`,
      );
    },
    end: (face, count) =>
      face.tell({ event: 'identities', count }, `${howMany(count, 'record')} of identities`),
  });
