// `firmseal job list`: every job with its counts, newest first.

import { tellJob } from '../../job-view.ts';
import { listingCommand } from '../../listing.ts';
import type { Shell } from '../../shell.ts';

export const command = (shell: Shell) =>
  listingCommand(shell, {
    name: 'job list',
    read: async (client, from) => {
      const { jobs: items, more } = await client.call('listJobs', { from });
      return { items, more };
    },
    tell: tellJob,
    end: (face, count) => {
      if (count === 0) face.lines('there is no job yet');
    },
  });
