#!/usr/bin/env node
// The command line `firmseal`: declares every command with its help; what a command does is loaded only when it
// is called, so that --help stays quick. Exit codes: docs/exit-codes.md.

import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';

enableCompileCache();

// node:sqlite is stable enough for us and announced as experimental at each start: that one line is left out.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (!warning.message.startsWith('SQLite')) process.stderr.write(`${warning.name}: ${warning.message}\n`);
});

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ firmseal ${line}`).join('\n')}\n`;

const collect = (value: string, all: string[]): string[] => [...all, value];

/** Wraps a command's module so that its faults become text (or JSON) and an exit code at one place. */
function runs(load: () => Promise<(...args: never[]) => Promise<unknown>>) {
  return async (...args: unknown[]): Promise<void> => {
    const { reportFault } = await import('./report.ts');
    try {
      const run = await load();
      const code = await run(...(args as never[]));
      process.exitCode = typeof code === 'number' ? code : 0;
    } catch (error) {
      process.exitCode = reportFault(error);
    }
  };
}

function addKeys(program: Command): void {
  const keys = program.command('keys').description('make and show keys, delegations and epoch statements');
  keys
    .command('new')
    .description('make a key and keep it in a passphrase-encrypted file; the public key goes to FILE.pub')
    .requiredOption(
      '--role <role>',
      'root, package-signer, license-issuer, device-ca, approver or authority-kem',
    )
    .requiredOption('--out <file>', 'where to write the key; an existing key is never replaced')
    .option(
      '--passphrase-file <file>',
      'first line is the passphrase (else FIRMSEAL_PASSPHRASE, else a prompt)',
    )
    .addHelpText(
      'after',
      examples('keys new --role root --out root.key', 'keys new --role package-signer --out signer.key'),
    )
    .action(runs(async () => (await import('./commands/keys.ts')).newKey));
  keys
    .command('delegate')
    .description('sign, with the root key, that another key may act for a product')
    .requiredOption('--root <file>', 'the root key')
    .requiredOption('--key <file>', 'public key of the delegate (FILE.pub)')
    .requiredOption('--role <role>', 'package-signer, license-issuer, device-ca or approver')
    .requiredOption('--product <name>', 'product, 1 to 32 characters without spaces')
    .option('--counter-cap <number>', 'highest security counter that the delegate may sign for', '2147483647')
    .option('--epoch <number>', 'epoch in which the delegation is made', '0')
    .requiredOption('--out <file>', 'where to write the delegation')
    .option('--passphrase-file <file>', 'passphrase of the root key')
    .addHelpText(
      'after',
      examples(
        'keys delegate --root root.key --key signer.key.pub --role package-signer --product panel --out signer.delegation',
      ),
    )
    .action(runs(async () => (await import('./commands/keys.ts')).delegate));
  keys
    .command('epoch')
    .description('sign, with the root key, that delegations of earlier epochs have ended')
    .requiredOption('--root <file>', 'the root key')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--epoch <number>', 'the epoch that begins')
    .requiredOption('--out <file>', 'where to write the statement')
    .option('--passphrase-file <file>', 'passphrase of the root key')
    .addHelpText('after', examples('keys epoch --root root.key --product panel --epoch 1 --out epoch-1'))
    .action(runs(async () => (await import('./commands/keys.ts')).epoch));
  keys
    .command('show <file>')
    .description('show what a key file, delegation or epoch statement says; nothing secret')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('keys show root.key', 'keys show signer.delegation --json'))
    .action(runs(async () => (await import('./commands/keys.ts')).show));
}

function addSeal(program: Command): void {
  program
    .command('seal <image>')
    .description('encrypt and sign a firmware image (ELF, HEX, S-record, BIN, DFU) into a package')
    .requiredOption('--chip <id>', 'chip that the package is for (see `firmseal chips`)')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--firmware-version <text>', 'version, for people')
    .requiredOption(
      '--counter <number>',
      'security counter: a chip never goes back below the highest it installed',
    )
    .requiredOption('--signer <file>', 'the package signer key')
    .requiredOption('--delegation <file>', "the signer's delegation")
    .requiredOption(
      '--root-key <file>',
      "the root's public key; the package is checked against it before it is written",
    )
    .requiredOption('--authority-key <file>', 'public KEM key of the authority that will issue licenses')
    .requiredOption('--out <file>', 'the package; its content key goes, wrapped, to FILE.key')
    .option('--address <number>', 'address of a raw binary')
    .option('--format <name>', 'elf, hex, srec, bin or dfu, when the content does not tell')
    .option('--chunk <bytes>', '1024, 2048 or 4096', '4096')
    .option('--interruption <policy>', 'erase or resume', 'erase')
    .option('--boot-check <kind>', 'record, or digest of the whole firmware at each boot', 'record')
    .option(
      '--least-level <level>',
      'least readout protection of the chip: 0, 1 or 2; by default what the chip needs to keep its promises',
    )
    .option('--option <name=value>', 'option-byte field that the chip must have (repeat)', collect, [])
    .option(
      '--generated <address:length[:keep|renew]>',
      'area that the chip fills with random keys (repeat)',
      collect,
      [],
    )
    .option(
      '--device-data <address:length>',
      'area filled from per-device data in the license (repeat)',
      collect,
      [],
    )
    .option('--epoch-statement <file>', 'epoch statement to carry along')
    .option('--sbom <file>', 'software bill of materials; its SHA-256 is signed')
    .option('--allow-open', 'let the package install on chips that can be read out (level 0)')
    .option(
      '--allow-unprotected',
      'let the package install below the level at which the chip keeps its promises',
    )
    .option('--allow-irreversible', 'let the package set option bytes that cannot be set back')
    .option('--passphrase-file <file>', 'passphrase of the signer key')
    .addHelpText(
      'after',
      examples(
        'seal panel.elf --chip stm32f427 --product panel --firmware-version 1.0.0 --counter 1 \\',
        '  --root-key root.key.pub --signer signer.key --delegation signer.delegation --authority-key authority/kem.key.pub --out panel.seal',
      ),
    )
    .action(runs(async () => (await import('./commands/seal.ts')).seal));
  program
    .command('inspect <package>')
    .description('show everything in a package that is not secret, and whether it is whole')
    .option('--root <file>', "check signatures against this root's public key")
    .option('--json', 'as JSON')
    .addHelpText('after', examples('inspect panel.seal', 'inspect panel.seal --root root.key.pub --json'))
    .action(runs(async () => (await import('./commands/inspect.ts')).inspect));
  program
    .command('chips [id]')
    .description(
      'list the chips of the catalogue, or show one: flash, option bytes, what is promised, free ranges',
    )
    .option('--json', 'as JSON')
    .addHelpText('after', examples('chips', 'chips stm32f427'))
    .action(runs(async () => (await import('./commands/chips.ts')).chips));
}

function addAuthority(program: Command): void {
  const authority = program.command('authority').description('the server that counts and issues licenses');
  authority
    .command('init <folder>')
    .description('make the folder of an authority: license issuer key, KEM key, database, owner token')
    .option('--passphrase-file <file>', 'passphrase for the keys of the authority')
    .addHelpText('after', examples('authority init authority'))
    .action(runs(async () => (await import('./commands/authority.ts')).init));
  authority
    .command('add-product <folder>')
    .description('let the authority issue licenses for a product, by what its root delegated')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--root-key <file>', "the root's public key (FILE.pub)")
    .requiredOption('--issuer-delegation <file>', "delegation of the authority's issuer.key.pub")
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips may install')
    .option('--epoch-statement <file>', 'epoch statement in force')
    .addHelpText(
      'after',
      examples(
        'authority add-product authority --product panel --root-key root.key.pub --issuer-delegation issuer.delegation --device-ca-delegation ca.delegation',
      ),
    )
    .action(runs(async () => (await import('./commands/authority.ts')).addProduct));
  authority
    .command('serve <folder>')
    .description('serve the HTTP API on this machine')
    .option('--listen <host:port>', 'loopback address; port 0 lets the system choose', '127.0.0.1:7443')
    .option('--passphrase-file <file>', 'passphrase of the keys of the authority')
    .option('--json', 'print one JSON line when ready')
    .addHelpText('after', examples('authority serve authority --listen 127.0.0.1:7443'))
    .action(runs(async () => (await import('./commands/authority.ts')).serve));
}

const withAuthority = (command: Command): Command =>
  command
    .requiredOption('--authority <url>', 'address of the authority')
    .requiredOption('--token-file <file>', 'file with the token')
    .option('--json', 'as JSON');

function addJob(program: Command): void {
  const job = program
    .command('job')
    .description('open, approve, close and watch jobs: one package, one quota');
  withAuthority(job.command('open'))
    .description('open a job for a package; it issues nothing until it is approved')
    .requiredOption('--package <file>', 'the package')
    .requiredOption('--content-key <file>', 'its wrapped content key (PACKAGE.key)')
    .requiredOption('--quota <number>', 'how many chips')
    .option('--id-file <file>', 'where to write the id of the job')
    .option('--mode <mode>', 'session, or standing (licenses that work without a connection)', 'session')
    .addHelpText(
      'after',
      examples(
        'job open --authority http://127.0.0.1:7443 --token-file authority/owner.token --package panel.seal --content-key panel.seal.key --quota 4',
      ),
    )
    .action(runs(async () => (await import('./commands/job.ts')).open));
  const later: [string, string, 'approve' | 'close' | 'show'][] = [
    ['approve', 'let the job issue licenses', 'approve'],
    ['close', 'end the job: no further license', 'close'],
    ['show', 'show quota, licenses and receipts of the job', 'show'],
  ];
  for (const [name, description, entry] of later) {
    withAuthority(job.command(`${name} <job>`))
      .description(description)
      .addHelpText(
        'after',
        examples(`job ${name} JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token`),
      )
      .action(runs(async () => (await import('./commands/job.ts'))[entry]));
  }
  withAuthority(job.command('token <job>'))
    .description('make a token for a line: it can install this job and nothing else')
    .requiredOption('--out <file>', 'where to write the token')
    .addHelpText(
      'after',
      examples(
        'job token JOB --authority http://127.0.0.1:7443 --token-file authority/owner.token --out line.token',
      ),
    )
    .action(runs(async () => (await import('./commands/job.ts')).token));
}

function addLine(program: Command): void {
  program
    .command('personalize')
    .description(
      'at a trusted site: write the agent, let the chip make its identity, certify it, protect the chip',
    )
    .requiredOption(
      '--probe <address>',
      'debug port of a blank chip, virtual:HOST:PORT (repeat)',
      collect,
      [],
    )
    .requiredOption(
      '--socket <address>',
      'link of the same chip, tcp:HOST:PORT (repeat, in the same order)',
      collect,
      [],
    )
    .requiredOption('--chip <id>', 'kind of chip')
    .requiredOption('--product <name>', 'product')
    .requiredOption('--root-key <file>', "the root's public key")
    .requiredOption('--device-ca <file>', 'the device CA key')
    .option('--level <level>', 'final readout protection: 0, 1 or 2', '2')
    .option('--confirm-permanent', 'required for level 2: it can never be taken back')
    .option('--epoch <number>', 'epoch that the chip starts with', '0')
    .option('--passphrase-file <file>', 'passphrase of the device CA key')
    .option('--json', 'events as JSON lines')
    .addHelpText(
      'after',
      examples(
        'personalize --probe virtual:127.0.0.1:4001 --socket tcp:127.0.0.1:5001 --chip stm32f427 --product panel \\',
        '  --root-key root.key.pub --device-ca ca.key --level 2 --confirm-permanent',
      ),
    )
    .action(runs(async () => (await import('./commands/personalize.ts')).personalize));
  withAuthority(program.command('install <package>'))
    .description('install a package on the chips in the sockets, all at once')
    .requiredOption('--job <job>', 'the job')
    .requiredOption('--socket <address>', 'tcp:HOST:PORT (repeat)', collect, [])
    .requiredOption('--root-key <file>', "the root's public key: what the station trusts")
    .requiredOption('--device-ca-delegation <file>', 'delegation of the device CA whose chips are expected')
    .option('--start', 'boot the application when its receipt is stored')
    .option(
      '--journal <file>',
      'progress that survives a crash; give the same file again to go on',
      'firmseal-line.jsonl',
    )
    .addHelpText(
      'after',
      examples(
        'install panel.seal --job JOB --authority http://127.0.0.1:7443 --token-file line.token --root-key root.key.pub \\',
        '  --device-ca-delegation ca.delegation --socket tcp:127.0.0.1:5001 --socket tcp:127.0.0.1:5002',
      ),
    )
    .action(runs(async () => (await import('./commands/install.ts')).install));
  program
    .command('virtual')
    .description('virtual STM32 chips on this machine, for trying and testing a line')
    .requiredOption('--chip <id>', 'kind of chip')
    .option('--count <number>', 'how many', '1')
    .option('--link-port <number>', 'first TCP port of the links; 0 lets the system choose', '0')
    .option('--probe-port <number>', 'first TCP port of the debug ports; 0 lets the system choose', '0')
    .option('--seed <number>', 'unique ids and random numbers follow from it', '1')
    .option('--json', 'print one JSON line a chip')
    .addHelpText('after', examples('virtual --chip stm32f427 --count 4 --link-port 5001 --probe-port 4001'))
    .action(runs(async () => (await import('./commands/virtual.ts')).virtual));
}

function addAudit(program: Command): void {
  withAuthority(program.command('audit'))
    .description(
      "check log, quotas, every license and every receipt, on this machine, without trusting the authority's word",
    )
    .requiredOption('--root-key <file>', "the root's public key")
    .requiredOption('--product <name>', 'product')
    .requiredOption(
      '--device-ca-delegation <file>',
      'delegation of the device CA whose chips may have receipts',
    )
    .option(
      '--remember <file>',
      'head of the log as last seen; kept here, and checked to be still in the log',
    )
    .addHelpText(
      'after',
      examples(
        'audit --authority http://127.0.0.1:7443 --token-file authority/owner.token --product panel --root-key root.key.pub --device-ca-delegation ca.delegation',
      ),
    )
    .action(runs(async () => (await import('./commands/audit.ts')).audit));
  program
    .command('demo [image]')
    .description(
      'the whole chain on virtual chips, and the obvious thefts; with an image of yours or the example',
    )
    .option('--json', 'JSON lines, the last one a summary')
    .option('--address <number>', 'address of a raw binary')
    .option('--chip <id>', 'kind of chip', 'stm32f427')
    .addHelpText('after', examples('demo', 'demo build/app.elf', 'demo --json'))
    .action(runs(async () => (await import('./demo/demo.ts')).demo));
}

export function makeProgram(): Command {
  const program = new Command('firmseal')
    .description(
      'Seal firmware, license it chip by chip, install it where nobody is trusted, and get signed receipts.',
    )
    .version('0.1.0')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  addKeys(program);
  addSeal(program);
  addAuthority(program);
  addJob(program);
  addLine(program);
  addAudit(program);
  program.addHelpText('after', examples('demo', 'seal --help', 'install --help'));
  return program;
}

try {
  await makeProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
