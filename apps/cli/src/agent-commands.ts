// The commands under `firmseal agent`.

import type { CommandGroup } from './command-entry.ts';

export const agent: CommandGroup = {
  name: 'agent',
  about:
    'agents: list those of this installation, export one for another programmer, seal one for the field, load one into a chip',
  commands: [
    {
      name: 'list',
      about: 'list the agents of this installation: chip, build, size, SHA-256',
      load: () => import('./commands/agent/list.ts'),
    },
    {
      name: 'export',
      about: 'write the agent of a chip as Intel HEX, and print how other programmers write it',
      load: () => import('./commands/agent/export.ts'),
    },
    {
      name: 'seal',
      about: 'sign an agent and seal it as a package, which replaces the agent in chips of the field',
      load: () => import('./commands/agent/seal.ts'),
    },
    {
      name: 'load',
      about: 'load an agent into a chip that has lost its agent, over its link',
      load: () => import('./commands/agent/load.ts'),
    },
  ],
};
