// Why a command line was not understood, as a fault. commander names what is missing before what it does not
// know; a mistyped option is the better reason, because the option is missing for it.

import { type Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { Fault } from '@firmseal/fault';
import { isDeskOption } from './desk/apply-desk.ts';
import { deskFileName, findDeskFile } from './desk/find-desk.ts';

/** The command that the words lead to. */
function calledCommand(program: Command, words: readonly string[]): CommandUnknownOpts {
  let called: CommandUnknownOpts = program;
  for (const word of words) {
    const found = called.commands.find((one) => one.name() === word);
    if (found === undefined) break;
    called = found;
  }
  return called;
}

/** `firmseal keys new`. */
function nameOf(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** What commander says of the words when nothing is mandatory, and nothing runs. */
async function reasonBesideMissing(
  program: Command,
  words: readonly string[],
): Promise<CommanderError | undefined> {
  const called = calledCommand(program, words);
  for (const option of called.options) option.makeOptionMandatory(false);
  called.action(() => undefined);
  try {
    await program.parseAsync(words, { from: 'user' });
    return undefined;
  } catch (error) {
    return error instanceof CommanderError ? error : undefined;
  }
}

/** What else a user may have meant: to call the command from the folder of his desk. */
function deskHint({ message }: CommanderError, command: string): string {
  const [, option] = /^error: required option '(--[a-z-]+)/.exec(message) ?? [];
  if (option === undefined || command === 'firmseal init' || !isDeskOption(option)) return '';
  return findDeskFile(process.cwd()) === undefined
    ? `, and no ${deskFileName} is in this folder or above it`
    : '';
}

/** The fault for what commander refused. The program is used up by it. */
export async function refusalOf(
  refused: CommanderError,
  program: Command,
  words: readonly string[],
): Promise<Fault> {
  const missing = refused.code === 'commander.missingMandatoryOptionValue';
  const error = (missing ? await reasonBesideMissing(program, words) : undefined) ?? refused;
  const detail = error.message
    .replace(/^error: /, '')
    .replace(/\n/g, ' ')
    .replace(/\.$/, '');
  const command = nameOf(calledCommand(program, words));
  const whole = `${detail}${deskHint(error, command)}`;
  return new Fault('command-line-invalid', { detail: whole, command }, { cause: error });
}
