// `firmseal alarm list`: every alarm, newest first.

import { tellAlarm } from '../../alarm-view.ts';
import { listingCommand } from '../../listing.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  listingCommand(shell, {
    name: 'alarm list',
    read: async (client, from) => {
      const { alarms: items, more } = await client.call('listAlarms', { from });
      return { items, more };
    },
    tell: tellAlarm,
    end: (face, count) => {
      if (count === 0) face.lines('there is no alarm');
    },
  });
