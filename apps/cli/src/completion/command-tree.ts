// What a shell can complete, read from the program itself: every command with its sub-commands, its options
// and the words that an option or argument takes.

import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings';

interface CompletableOption {
  readonly flag: string;
  readonly about: string;
  /**
   * `word`: one of `choices`, or any file name when `choices` is empty; `nothing`: the option stands alone.
   */
  readonly takes: 'word' | 'nothing';
  readonly choices: readonly string[];
}

export interface CompletableCommand {
  /** `keys new`; empty for the program. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly CompletableOption[];
  /** The words that its arguments take; file names when the list is empty. */
  readonly words: readonly string[];
}

const optionOf = ({
  long,
  short,
  description,
  required,
  optional,
  argChoices,
}: Option): CompletableOption => ({
  flag: long ?? short ?? '',
  about: description,
  takes: required || optional ? 'word' : 'nothing',
  choices: argChoices ?? [],
});

/** The program, its groups and its commands; a command before its sub-commands. */
export function completableCommands(command: CommandUnknownOpts, path = ''): CompletableCommand[] {
  const { commands, options, registeredArguments } = command;
  return [
    {
      path,
      commands: commands.map((one) => ({ name: one.name(), about: one.description() })),
      options: options.map((one) => optionOf(one as Option)),
      words: registeredArguments.flatMap((one) => (one as Argument).argChoices ?? []),
    },
    ...commands.flatMap((one) => completableCommands(one, `${path} ${one.name()}`.trimStart())),
  ];
}
