// `firmseal stop list`: what gets no license, newest first.

import { listingCommand } from '../../listing.ts';
import type { Shell } from '../../shell.ts';
import { tellStop } from '../../stopped.ts';

export const command = (shell: Shell) =>
  listingCommand(shell, {
    name: 'stop list',
    read: async (client, from) => {
      const { stops: items, more } = await client.call('listStops', { from });
      return { items, more };
    },
    tell: tellStop,
    end: (face, count) => {
      if (count === 0) face.lines('nothing is stopped');
    },
  });
