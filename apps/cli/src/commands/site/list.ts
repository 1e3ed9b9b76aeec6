// `firmseal site list`: whose chips the authority certifies, and how far they have come.

import { listingCommand } from '../../listing.ts';
import type { Shell } from '../../shell.ts';
import { showTime } from '../../times.ts';

export const command = (shell: Shell) =>
  listingCommand(shell, {
    name: 'site list',
    read: async (client, from) => {
      const { sites: items, more } = await client.call('listSites', { from });
      return { items, more };
    },
    tell: (face, view) => {
      const { site, product, certified, cap, validUntilMs, number } = view;
      face.tell(
        { event: 'site', ...view },
        `${site}, product ${product}: ${certified} of ${cap} chips certified, until ${showTime(validUntilMs)} (change ${number})`,
      );
    },
    end: (face, count) => {
      if (count === 0) face.lines('no site has its chips certified by this authority');
    },
  });
