// Every command of firmseal: its name, what it is for, and the file that holds the rest. A file is loaded
// when its command is called and not before, so that --help stays quick.

import type { Command } from '@commander-js/extra-typings';
import type { Shell } from './shell.ts';

/**
 * A command before it is loaded. `load` gives the module that declares its arguments, options, help and run.
 */
export interface CommandEntry {
  readonly name: string;
  readonly about: string;
  readonly load: () => Promise<{
    // biome-ignore lint/suspicious/noExplicitAny: each command has arguments and options of its own
    readonly command: (shell: Shell) => Command<any, any, any>;
  }>;
}

/** Commands under one word, as `firmseal keys new`. */
export interface CommandGroup {
  readonly name: string;
  readonly about: string;
  readonly commands: readonly CommandEntry[];
}

const keys: CommandGroup = {
  name: 'keys',
  about: 'make and show keys, delegations and epoch statements',
  commands: [
    {
      name: 'new',
      about: 'make a key and keep it in a passphrase-encrypted file; the public key goes to FILE.pub',
      load: () => import('./commands/keys/new.ts'),
    },
    {
      name: 'delegate',
      about: 'sign, with the root key, that another key may act for a product',
      load: () => import('./commands/keys/delegate.ts'),
    },
    {
      name: 'epoch',
      about: 'sign, with the root key, that delegations of earlier epochs have ended',
      load: () => import('./commands/keys/epoch.ts'),
    },
    {
      name: 'show',
      about: 'show what a key file, delegation or epoch statement says; nothing secret',
      load: () => import('./commands/keys/show.ts'),
    },
  ],
};

const authority: CommandGroup = {
  name: 'authority',
  about: 'the server that counts and issues licenses',
  commands: [
    {
      name: 'init',
      about: 'make the folder of an authority: license issuer key, KEM key, database, owner token',
      load: () => import('./commands/authority/init.ts'),
    },
    {
      name: 'add-product',
      about: 'let the authority issue licenses for a product, by what its root delegated',
      load: () => import('./commands/authority/add-product.ts'),
    },
    {
      name: 'serve',
      about: 'serve the HTTP API on this machine',
      load: () => import('./commands/authority/serve.ts'),
    },
  ],
};

const job: CommandGroup = {
  name: 'job',
  about: 'open, approve, close and watch jobs: one package, one quota',
  commands: [
    {
      name: 'open',
      about: 'open a job for a package; it issues nothing until it is approved',
      load: () => import('./commands/job/open.ts'),
    },
    {
      name: 'approve',
      about: 'let the job issue licenses',
      load: () => import('./commands/job/approve.ts'),
    },
    {
      name: 'close',
      about: 'end the job: no further license',
      load: () => import('./commands/job/close.ts'),
    },
    {
      name: 'show',
      about: 'show quota, licenses and receipts of the job',
      load: () => import('./commands/job/show.ts'),
    },
    {
      name: 'token',
      about: 'make a token for a line: it can install this job and nothing else',
      load: () => import('./commands/job/token.ts'),
    },
  ],
};

/** In the order of --help. */
export const commandList: readonly (CommandEntry | CommandGroup)[] = [
  keys,
  {
    name: 'seal',
    about: 'encrypt and sign a firmware image (ELF, HEX, S-record, BIN, DFU) into a package',
    load: () => import('./commands/seal.ts'),
  },
  {
    name: 'inspect',
    about: 'show everything in a package that is not secret, and whether it is whole',
    load: () => import('./commands/inspect.ts'),
  },
  {
    name: 'attach-license',
    about: "put a chip's license into a package, for plain download tools such as dfu-util",
    load: () => import('./commands/attach-license.ts'),
  },
  {
    name: 'chips',
    about: 'list the chips of the catalogue, or show one: flash, option bytes, what is promised, free ranges',
    load: () => import('./commands/chips.ts'),
  },
  authority,
  job,
  {
    name: 'personalize',
    about: 'at a trusted site: write the agent, let the chip make its identity, certify it, protect the chip',
    load: () => import('./commands/personalize.ts'),
  },
  {
    name: 'install',
    about: 'install a package on the chips in the sockets, all at once',
    load: () => import('./commands/install.ts'),
  },
  {
    name: 'virtual',
    about: 'virtual STM32 chips on this machine, for trying and testing a line',
    load: () => import('./commands/virtual.ts'),
  },
  {
    name: 'audit',
    about:
      "check log, quotas, every license and every receipt, on this machine, without trusting the authority's word",
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'demo',
    about: 'the whole chain on virtual chips, and the obvious thefts; with an image of yours or the example',
    load: () => import('./commands/demo.ts'),
  },
];

export const isGroup = (entry: CommandEntry | CommandGroup): entry is CommandGroup => 'commands' in entry;
