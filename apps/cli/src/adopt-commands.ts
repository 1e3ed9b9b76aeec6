// The commands under `firmseal adopt`.

import type { CommandGroup } from './command-entry.ts';

export const adopt: CommandGroup = {
  name: 'adopt',
  about: 'boards that are sold: which can be taken over by an update, and the image of that update',
  commands: [
    {
      name: 'plan',
      about:
        'say of boards in use whether an update can take them over, by which steps, or why they must come back',
      load: () => import('./commands/adopt/plan.ts'),
    },
    {
      name: 'build',
      about: 'make the image that the old bootloader, or the running application, writes and starts',
      load: () => import('./commands/adopt/build.ts'),
    },
  ],
};
