// The command line as a function: words in, exit code out (docs/exit-codes.md). Only the command that is
// called is loaded; of all others the help needs no more than their names.

import { Command, CommanderError } from '@commander-js/extra-typings';
import manifest from '../package.json' with { type: 'json' };
import type { CommandEntry, CommandGroup } from './command-entry.ts';
import { commandList, isGroup } from './command-list.ts';
import { findDeskFile } from './desk/find-desk.ts';
import { exitCodeIn } from './runs.ts';
import type { Shell } from './shell.ts';

/** As in spec/exit-codes.json: a group that was called without a command has shown its help. */
const exitCodeOfUsage = 2;

const examples = `
Examples:
  $ firmseal demo
  $ firmseal init --product panel --chip stm32f427
  $ firmseal seal --help
  $ firmseal install --help
`;

/** What is wanted of the command that is loaded: to run these words, or to be looked at. */
interface Loading {
  readonly shell: Shell;
  readonly words: readonly string[] | undefined;
}

/** The command with its options, as a child of `parent`. Throws `desk-file-invalid`. */
async function loadInto(parent: Command, entry: CommandEntry, { shell, words }: Loading): Promise<void> {
  const { command } = await entry.load();
  const loaded = command(shell, () => makeProgram(shell))
    .name(entry.name)
    .description(entry.about)
    .option('--json', 'events as JSON lines on standard output')
    .option('-v, --verbose', 'say which values came from the desk file, firmseal.json');
  parent.addCommand(loaded.copyInheritedSettings(parent));
  const file = words === undefined || isQuestion(words) ? undefined : deskFileFor(entry.name, shell);
  if (file === undefined || words === undefined) return;
  const { applyDesk } = await import('./desk/apply-desk.ts');
  const name = parent.parent === null ? entry.name : `${parent.name()} ${entry.name}`;
  applyDesk(loaded, { name, words, shell, file });
}

const isQuestion = (words: readonly string[]): boolean =>
  words.some((word) => word === '--help' || word === '-h');

/** `firmseal init` makes a desk, whatever is above it. */
const deskFileFor = (name: string, { folder }: Shell): string | undefined =>
  name === 'init' ? undefined : findDeskFile(folder);

/** All entries by name; with their options only those that `wanted` picks. */
async function addAll(
  parent: Command,
  {
    entries,
    wanted,
    ...loading
  }: Loading & { entries: readonly (CommandEntry | CommandGroup)[]; wanted: Wanted },
): Promise<void> {
  for (const entry of entries) {
    const deeper = wanted(entry.name);
    if (deeper !== undefined && !isGroup(entry)) {
      await loadInto(parent, entry, loading);
      continue;
    }
    const named = parent.command(entry.name).description(entry.about).helpCommand(false);
    if (deeper !== undefined && isGroup(entry))
      await addAll(named, { ...loading, entries: entry.commands, wanted: deeper });
  }
}

/** Which command of a level is loaded, and which below it. */
type Wanted = (name: string) => Wanted | undefined;

const every: Wanted = () => every;
const none: Wanted = () => undefined;

/** The commands that the words name. */
function wantedBy(words: readonly string[]): Wanted {
  const [first, ...rest] = words;
  if (first === undefined) return none;
  return (name) => (name === first ? wantedBy(rest) : undefined);
}

/**
 * The program; without `words` every command is loaded. With them, the desk file fills in what they
 * leave out. Throws `desk-file-invalid`.
 */
export async function makeProgram(shell: Shell, words?: readonly string[]): Promise<Command> {
  const program = new Command('firmseal')
    .description(
      'Seal firmware, license it chip by chip, install it where nobody is trusted, and get signed receipts.',
    )
    .version(manifest.version, '-v, --version')
    // Behind a command, -v is the command's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shell.out.write(text),
      writeErr: (text) => shell.err.write(text),
      // What is wrong with the command line is told as every other fault is.
      outputError: () => undefined,
      getOutHelpWidth: () => shell.out.size.columns,
      getErrHelpWidth: () => shell.err.size.columns,
    })
    .addHelpText('after', examples);
  const wanted = words === undefined ? every : wantedBy(words);
  await addAll(program, { entries: commandList, shell, words, wanted });
  return program;
}

/**
 * Runs one command line and resolves to its exit code; never rejects. Everything that
 * it wrote has arrived by then.
 */
export async function runCommandLine(words: readonly string[], shell: Shell): Promise<number> {
  const code = await run(words, shell);
  await shell.out.settle();
  const lost = code === 0 ? shell.out.failure : undefined;
  const told = lost === undefined ? code : await tellLost(shell, lost);
  await shell.err.settle();
  return told;
}

/** The command did its work, and not everything that it said was written. */
async function tellLost(shell: Shell, reason: string): Promise<number> {
  const [{ Fault }, { reportFault }] = await Promise.all([import('@firmseal/fault'), import('./report.ts')]);
  return reportFault(shell, new Fault('output-unwritable', { reason }), false);
}

/** `help keys new` is `keys new --help`. */
const withoutHelpWord = ([first, ...rest]: readonly string[]): readonly string[] =>
  first === 'help' ? [...rest, '--help'] : [first, ...rest].filter((word) => word !== undefined);

async function run(given: readonly string[], shell: Shell): Promise<number> {
  const words = withoutHelpWord(given);
  let program: Command | undefined;
  try {
    program = await makeProgram(shell, words);
    await program.parseAsync(words, { from: 'user' });
    return exitCodeIn(shell);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help') return exitCodeOfUsage;
    // Loaded only now: a fault brings its table and the exit codes with it.
    const { reportFault } = await import('./report.ts');
    const { refusalOf } = await import('./refusal.ts');
    const isRefused = error instanceof CommanderError && program !== undefined;
    const fault = isRefused ? await refusalOf(error, program!, words) : error;
    return reportFault(shell, fault, words.includes('--json'));
  }
}
