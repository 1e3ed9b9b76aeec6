// The command line `firmseal`: the list of its commands. The options of a command are declared, and what it
// does is loaded, only when it is called, so that --help stays quick. Exit codes: docs/exit-codes.md.

import { Command, CommanderError } from 'commander';
import { examples } from './declare/declare.ts';

// node:sqlite is stable enough for us and announced as experimental at each start: that one line is left out.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!warning.message.startsWith('SQLite')) process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

// Whoever reads the output may stop reading (`| head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

interface TopCommand {
  readonly words: string;
  readonly about: string;
  readonly declare: (command: Command) => Promise<void>;
}

const commands: readonly TopCommand[] = [
  {
    words: 'keys',
    about: 'make and show keys, delegations and epoch statements',
    declare: async (command) => (await import('./declare/keys.ts')).declareKeys(command),
  },
  {
    words: 'seal <image>',
    about: 'encrypt and sign a firmware image (ELF, HEX, S-record, BIN, DFU) into a package',
    declare: async (command) => (await import('./declare/owner.ts')).declareSeal(command),
  },
  {
    words: 'inspect <package>',
    about: 'show everything in a package that is not secret, and whether it is whole',
    declare: async (command) => (await import('./declare/owner.ts')).declareInspect(command),
  },
  {
    words: 'attach-license <package>',
    about: "put a chip's license into a package, for plain download tools such as dfu-util",
    declare: async (command) => (await import('./declare/owner.ts')).declareAttachLicense(command),
  },
  {
    words: 'chips [id]',
    about: 'list the chips of the catalogue, or show one: flash, option bytes, what is promised, free ranges',
    declare: async (command) => (await import('./declare/owner.ts')).declareChips(command),
  },
  {
    words: 'authority',
    about: 'the server that counts and issues licenses',
    declare: async (command) => (await import('./declare/authority.ts')).declareAuthority(command),
  },
  {
    words: 'job',
    about: 'open, approve, close and watch jobs: one package, one quota',
    declare: async (command) => (await import('./declare/job.ts')).declareJob(command),
  },
  {
    words: 'personalize',
    about: 'at a trusted site: write the agent, let the chip make its identity, certify it, protect the chip',
    declare: async (command) => (await import('./declare/line.ts')).declarePersonalize(command),
  },
  {
    words: 'install <package>',
    about: 'install a package on the chips in the sockets, all at once',
    declare: async (command) => (await import('./declare/line.ts')).declareInstall(command),
  },
  {
    words: 'virtual',
    about: 'virtual STM32 chips on this machine, for trying and testing a line',
    declare: async (command) => (await import('./declare/line.ts')).declareVirtual(command),
  },
  {
    words: 'audit',
    about:
      "check log, quotas, every license and every receipt, on this machine, without trusting the authority's word",
    declare: async (command) => (await import('./declare/audit.ts')).declareAudit(command),
  },
  {
    words: 'demo [image]',
    about: 'the whole chain on virtual chips, and the obvious thefts; with an image of yours or the example',
    declare: async (command) => (await import('./declare/audit.ts')).declareDemo(command),
  },
];

/** The program with the options of the one command that is called; all others by name only. */
async function makeProgram(called: string | undefined): Promise<Command> {
  const program = new Command('firmseal')
    .description(
      'Seal firmware, license it chip by chip, install it where nobody is trusted, and get signed receipts.',
    )
    .version('0.1.0')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  for (const { words, about, declare } of commands) {
    const command = program.command(words).description(about);
    // `firmseal help NAME` shows the options of NAME too.
    if (words.split(' ')[0] === called) await declare(command);
  }
  program.addHelpText('after', examples('demo', 'seal --help', 'install --help'));
  return program;
}

const [first, second] = process.argv.slice(2);
try {
  const program = await makeProgram(first === 'help' ? second : first);
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
