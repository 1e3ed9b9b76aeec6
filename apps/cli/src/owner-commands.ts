// What an owner runs most: keys with what the root signs of them, and jobs.

import type { CommandGroup } from './command-entry.ts';

export const keys: CommandGroup = {
  name: 'keys',
  about: 'make, show and revoke keys, delegations and epoch statements',
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
      name: 'approval-policy',
      about: 'sign, with the root key, how many approvers have to sign',
      load: () => import('./commands/keys/approval-policy.ts'),
    },
    {
      name: 'restore',
      about: 'sign, with the root key, from which older database the authority goes on when one was lost',
      load: () => import('./commands/keys/restore.ts'),
    },
    {
      name: 'epoch',
      about: 'sign, with the root key, that delegations of earlier epochs have ended',
      load: () => import('./commands/keys/epoch.ts'),
    },
    {
      name: 'revoke',
      about: 'end a delegation, and make those that stay again in the new epoch',
      load: () => import('./commands/keys/revoke.ts'),
    },
    {
      name: 'succeed',
      about: 'sign, with the root key, which key is the next root',
      load: () => import('./commands/keys/succeed.ts'),
    },
    {
      name: 'show',
      about: 'show what a key file, delegation, epoch statement or succession says; nothing secret',
      load: () => import('./commands/keys/show.ts'),
    },
  ],
};

export const job: CommandGroup = {
  name: 'job',
  about: 'open, approve, close and watch jobs: packages under one quota',
  commands: [
    {
      name: 'list',
      about: 'list all jobs, newest first',
      load: () => import('./commands/job/list.ts'),
    },
    {
      name: 'open',
      about: 'open a job for a package; it issues nothing until it is approved',
      load: () => import('./commands/job/open.ts'),
    },
    {
      name: 'add-package',
      about: 'add a package to a job, such as the next version; licensed once the job is approved again',
      load: () => import('./commands/job/add-package.ts'),
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
      about: 'show the job, and what was installed where: chip, version, time, receipt, protection',
      load: () => import('./commands/job/show.ts'),
    },
    {
      name: 'rollout',
      about: 'open an update to a share of the devices, halt it, go on with it',
      load: () => import('./commands/job/rollout.ts'),
    },
    {
      name: 'void',
      about: 'void a unit whose chip was never installed, so that another chip can take its place',
      load: () => import('./commands/job/void.ts'),
    },
    {
      name: 'token',
      about: 'make a token for a line: it can install this job and nothing else',
      load: () => import('./commands/job/token.ts'),
    },
  ],
};

export const site: CommandGroup = {
  name: 'site',
  about: 'sites whose chips the authority certifies, up to a cap for each product',
  commands: [
    {
      name: 'set',
      about: 'let a site have so many chips certified until a day; or more, or fewer, or none',
      load: () => import('./commands/site/set.ts'),
    },
    {
      name: 'list',
      about: 'list sites with their caps and how far they have come',
      load: () => import('./commands/site/list.ts'),
    },
  ],
};

export const stop: CommandGroup = {
  name: 'stop',
  about: 'stop a device, a product or a station at once: it gets no license, whatever the job',
  commands: [
    {
      name: 'new',
      about: 'stop a device, a product or a station',
      load: () => import('./commands/stop/new.ts'),
    },
    {
      name: 'lift',
      about: 'let it have licenses again',
      load: () => import('./commands/stop/lift.ts'),
    },
    {
      name: 'list',
      about: 'list what is stopped, newest first',
      load: () => import('./commands/stop/list.ts'),
    },
  ],
};

export const webhook: CommandGroup = {
  name: 'webhook',
  about: 'addresses that the authority calls when something happened: alarms, few units, receipts',
  commands: [
    {
      name: 'add',
      about: 'add an address; the secret with which calls are signed is given once',
      load: () => import('./commands/webhook/add.ts'),
    },
    {
      name: 'list',
      about: 'list the addresses, and what came of the newest call of each',
      load: () => import('./commands/webhook/list.ts'),
    },
    {
      name: 'remove',
      about: 'call an address no more',
      load: () => import('./commands/webhook/remove.ts'),
    },
  ],
};
