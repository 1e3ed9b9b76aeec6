// Commands for people who check: proofs on their own, the ledger, and witnesses of ledgers.

import type { CommandGroup } from './command-entry.ts';

export const verify: CommandGroup = {
  name: 'verify',
  about: 'check proofs on their own, without a connection',
  commands: [
    {
      name: 'receipt',
      about: 'check one receipt file by the root key: what was installed where, and how it is protected',
      load: () => import('./commands/verify/receipt.ts'),
    },
    {
      name: 'outcome',
      about: 'check one outcome file by the root key: what a station says of a chip, which is no proof',
      load: () => import('./commands/verify/outcome.ts'),
    },
    {
      name: 'bundle',
      about: 'check one bundle by the keys of root, ledger and witnesses: receipt, license and their proofs',
      load: () => import('./commands/verify/bundle.ts'),
    },
  ],
};

export const ledger: CommandGroup = {
  name: 'ledger',
  about: "the authority's log as a ledger that outsiders check: begin it, name witnesses, hand out proofs",
  commands: [
    {
      name: 'init',
      about: 'let an authority publish its log as a ledger of tiles with signed checkpoints',
      load: () => import('./commands/ledger/init.ts'),
    },
    {
      name: 'add-witness',
      about: 'let a witness cosign the ledger; licenses then wait for it',
      load: () => import('./commands/ledger/add-witness.ts'),
    },
    {
      name: 'bundle',
      about: 'write receipt, license and proofs of one unit into a file that a stranger verifies',
      load: () => import('./commands/ledger/bundle.ts'),
    },
  ],
};

export const witness: CommandGroup = {
  name: 'witness',
  about: 'watch ledgers of others: cosign what only grows, refuse forks and older copies',
  commands: [
    {
      name: 'init',
      about: 'make the folder of a witness: its key, and its verifier key for others',
      load: () => import('./commands/witness/init.ts'),
    },
    {
      name: 'add-log',
      about: 'let the witness cosign one more ledger',
      load: () => import('./commands/witness/add-log.ts'),
    },
    {
      name: 'serve',
      about: 'answer ledgers that ask for cosignatures, until it is asked to stop',
      load: () => import('./commands/witness/serve.ts'),
    },
  ],
};
