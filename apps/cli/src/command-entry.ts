// A command, or several under one word, as the list of commands has them.

import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Shell } from './shell.ts';

/**
 * A command before it is loaded. `load` gives the module that declares its arguments, options, help and run.
 */
export interface CommandEntry {
  readonly name: string;
  readonly about: string;
  readonly load: () => Promise<{
    // biome-ignore lint/suspicious/noExplicitAny: each command has arguments and options of its own
    readonly command: (shell: Shell, whole: () => Promise<CommandUnknownOpts>) => Command<any, any, any>;
  }>;
}

/** Commands under one word, as `firmseal keys new`. */
export interface CommandGroup {
  readonly name: string;
  readonly about: string;
  readonly commands: readonly CommandEntry[];
}
