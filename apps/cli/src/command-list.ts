// Every command of firmseal: its name, what it is for, and the file that holds the rest. A file is loaded
// when its command is called and not before, so that --help stays quick.

import { adopt } from './adopt-commands.ts';
import { agent } from './agent-commands.ts';
import type { CommandEntry, CommandGroup } from './command-entry.ts';
import { job, keys, site, stop, webhook } from './owner-commands.ts';
import { ledger, verify, witness } from './proof-commands.ts';

export type { CommandEntry, CommandGroup } from './command-entry.ts';

const batch: CommandGroup = {
  name: 'batch',
  about: 'licenses for a line without a connection: make one signed file of them, bring the receipts back',
  commands: [
    {
      name: 'new',
      about: 'make a batch: standing licenses for the chips of identity records, signed by the authority',
      load: () => import('./commands/batch/new.ts'),
    },
    {
      name: 'deliver',
      about: 'bring the receipts that a line without a connection kept to the authority',
      load: () => import('./commands/batch/deliver.ts'),
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
      about: 'let the authority issue licenses for a product whose root delegated this to it',
      load: () => import('./commands/authority/add-product.ts'),
    },
    {
      name: 'serve',
      about: 'serve the HTTP interface, and start the signer that holds the keys beside it',
      load: () => import('./commands/authority/serve.ts'),
    },
    {
      name: 'signer',
      about: 'hold the keys for an HTTP process without keys (`authority serve --signer`)',
      load: () => import('./commands/authority/signer.ts'),
    },
    {
      name: 'token',
      about: "make a new owner's token, for whoever runs the authority itself",
      load: () => import('./commands/authority/token.ts'),
    },
    {
      name: 'new-kem',
      about: 'replace the key for which packages are sealed; the previous one goes on opening what is there',
      load: () => import('./commands/authority/new-kem.ts'),
    },
    {
      name: 'rewrap',
      about: 'wrap what the authority keeps, or a content-key file, for the new key',
      load: () => import('./commands/authority/rewrap.ts'),
    },
    {
      name: 'retire-kem',
      about: 'remove the previous key, once nothing is wrapped for it any more',
      load: () => import('./commands/authority/retire-kem.ts'),
    },
    {
      name: 'migrate',
      about: 'move the authority from its SQLite file into an empty PostgreSQL database',
      load: () => import('./commands/authority/migrate.ts'),
    },
    {
      name: 'backup',
      about: "copy the authority's database, also while it is served, into one file",
      load: () => import('./commands/authority/backup.ts'),
    },
    {
      name: 'restore',
      about: 'put a backup where the authority has no database, or an empty one',
      load: () => import('./commands/authority/restore.ts'),
    },
  ],
};

const token: CommandGroup = {
  name: 'token',
  about: 'access tokens of owners, auditors and lines',
  commands: [
    {
      name: 'new',
      about: 'make a token for an owner or an auditor',
      load: () => import('./commands/token/new.ts'),
    },
    {
      name: 'list',
      about: 'list all tokens, newest first; their texts are kept nowhere',
      load: () => import('./commands/token/list.ts'),
    },
    {
      name: 'revoke',
      about: 'revoke a token: from then on it opens nothing',
      load: () => import('./commands/token/revoke.ts'),
    },
  ],
};

const alarm: CommandGroup = {
  name: 'alarm',
  about: 'proven contradictions that the authority met',
  commands: [
    {
      name: 'list',
      about: 'list all alarms, newest first',
      load: () => import('./commands/alarm/list.ts'),
    },
    {
      name: 'acknowledge',
      about: 'acknowledge an alarm with a note that the log keeps; audits no longer fail for it',
      load: () => import('./commands/alarm/acknowledge.ts'),
    },
  ],
};

const identity: CommandGroup = {
  name: 'identity',
  about: 'records of the chips that a site personalized, at the authority',
  commands: [
    {
      name: 'send',
      about: 'send the records of a file to the authority, which keeps each once',
      load: () => import('./commands/identity/send.ts'),
    },
    {
      name: 'list',
      about: 'list the chips whose records the authority keeps',
      load: () => import('./commands/identity/list.ts'),
    },
  ],
};

const flash: CommandGroup = {
  name: 'flash',
  about: 'plain programming: the flash and the option bytes of a chip, without packages and licenses',
  commands: [
    {
      name: 'write',
      about: 'write a firmware file, sector by sector as far as it differs, and read it back',
      load: () => import('./commands/flash/write.ts'),
    },
    {
      name: 'read',
      about: 'read the flash, or a range of addresses, into a file',
      load: () => import('./commands/flash/read.ts'),
    },
    {
      name: 'compare',
      about: 'compare the flash with a firmware file',
      load: () => import('./commands/flash/compare.ts'),
    },
    {
      name: 'erase',
      about: 'erase the whole flash, or the sectors of a range',
      load: () => import('./commands/flash/erase.ts'),
    },
    {
      name: 'blank-check',
      about: 'look whether the flash is erased',
      load: () => import('./commands/flash/blank-check.ts'),
    },
    {
      name: 'options',
      about: 'show the option bytes by name, or set some',
      load: () => import('./commands/flash/options.ts'),
    },
    {
      name: 'protect',
      about: 'raise the readout level',
      load: () => import('./commands/flash/protect.ts'),
    },
    {
      name: 'unprotect',
      about: 'lower the readout level from 1 to 0, which erases the whole flash',
      load: () => import('./commands/flash/unprotect.ts'),
    },
    {
      name: 'start',
      about: 'start the program in the flash',
      load: () => import('./commands/flash/start.ts'),
    },
  ],
};

const line: CommandGroup = {
  name: 'line',
  about: 'a production line: many sockets for a whole shift',
  commands: [
    {
      name: 'run',
      about: 'install on every chip that appears in the sockets of a line, until it is asked to stop',
      load: () => import('./commands/line/run.ts'),
    },
    {
      name: 'pack',
      about: 'sign a line file and all that it names into one archive that operators can run and not change',
      load: () => import('./commands/line/pack.ts'),
    },
  ],
};

const station: CommandGroup = {
  name: 'station',
  about: 'the PC that has the cables, for a line at another place',
  commands: [
    {
      name: 'serve',
      about: 'lend cables of this machine to a line, over a connection that this machine makes',
      load: () => import('./commands/station/serve.ts'),
    },
    {
      name: 'token',
      about: 'make the token of a station, for the station and its line',
      load: () => import('./commands/station/token.ts'),
    },
  ],
};

const relay: CommandGroup = {
  name: 'relay',
  about: 'where lines and stations meet that cannot reach each other',
  commands: [
    {
      name: 'serve',
      about: 'join lines and stations by name; it keeps nothing and can read nothing that is secret',
      load: () => import('./commands/relay/serve.ts'),
    },
  ],
};

const silicon: CommandGroup = {
  name: 'silicon',
  about: 'compare the catalogue with real chips, and read the reports of such checks',
  commands: [
    {
      name: 'check',
      about: 'compare the chip on a board with the catalogue, rehearse a personalization, write a report',
      load: () => import('./commands/silicon/check.ts'),
    },
    {
      name: 'report',
      about: 'read a report: what failed, and whether it lets an agent be locked in at level 2',
      load: () => import('./commands/silicon/report.ts'),
    },
  ],
};

const sfi: CommandGroup = {
  name: 'sfi',
  about: "ST's Secure Firmware Install: look into its files, check, drive ST's tools, judge afterwards",
  commands: [
    {
      name: 'inspect',
      about: "show an .sfi file, an option-byte file, or what a log of ST's tools says",
      load: () => import('./commands/sfi/inspect.ts'),
    },
    {
      name: 'check',
      about: 'check image, option bytes, tool, card and chip, before a license is drawn',
      load: () => import('./commands/sfi/check.ts'),
    },
    {
      name: 'install',
      about: "install an .sfi image through ST's tool, with the license drawn first and the state read back",
      load: () => import('./commands/sfi/install.ts'),
    },
    {
      name: 'doctor',
      about: "tell the state of a chip's life and the ways back; close a chip when it can be opened again",
      load: () => import('./commands/sfi/doctor.ts'),
    },
  ],
};

const updater: CommandGroup = {
  name: 'updater',
  about: 'update pages, from which people update the devices that they hold',
  commands: [
    {
      name: 'build',
      about: 'write an update page for any web host, and the same as one HTML file',
      load: () => import('./commands/updater/build.ts'),
    },
  ],
};

/** In the order of --help. */
export const commandList: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: 'init',
    about: "make an owner's desk: keys, delegations, an authority, and a file that fills in options",
    load: () => import('./commands/init.ts'),
  },
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
    name: 'check',
    about: 'look before a shift what would be refused: trust, size, option bytes, licenses',
    load: () => import('./commands/check.ts'),
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
  {
    name: 'sdk',
    about: 'write the application kit: what an application in a chip says to its agent, in C',
    load: () => import('./commands/sdk.ts'),
  },
  {
    name: 'devices',
    about: 'list what is plugged in: ROM bootloaders, agents, probes, serial ports, each with its place',
    load: () => import('./commands/devices.ts'),
  },
  {
    name: 'doctor',
    about: 'look for what is in the way of a chip: drivers, permissions, cables, clocks; writes udev rules',
    load: () => import('./commands/doctor.ts'),
  },
  authority,
  job,
  {
    name: 'approve',
    about: 'sign, as an approver, a job, a further package, a void, an acknowledgement or the end of a job',
    load: () => import('./commands/approve.ts'),
  },
  batch,
  agent,
  adopt,
  token,
  alarm,
  site,
  stop,
  webhook,
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
    name: 'license',
    about: 'take the standing licenses of the chips in the sockets, for packages that another tool downloads',
    load: () => import('./commands/license.ts'),
  },
  {
    name: 'recover',
    about: 'let a chip that lost its journal take up work again, from a security counter on',
    load: () => import('./commands/recover.ts'),
  },
  {
    name: 'update',
    about: 'update the one connected device, by the page or package that its owner published',
    load: () => import('./commands/update.ts'),
  },
  updater,
  line,
  station,
  relay,
  flash,
  silicon,
  sfi,
  {
    name: 'virtual',
    about: 'serve virtual STM32 chips on this machine, to try and test a line',
    load: () => import('./commands/virtual.ts'),
  },
  {
    name: 'audit',
    about:
      "check log, quotas, every license and every receipt, on this machine, without trusting the authority's word",
    load: () => import('./commands/audit.ts'),
  },
  verify,
  ledger,
  witness,
  identity,
  {
    name: 'demo',
    about: 'run the whole chain on virtual chips and try the obvious thefts, with your image or the example',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'completion',
    about: 'print a script that lets bash, zsh or fish complete commands and options',
    load: () => import('./commands/completion.ts'),
  },
];

export const isGroup = (entry: CommandEntry | CommandGroup): entry is CommandGroup => 'commands' in entry;
