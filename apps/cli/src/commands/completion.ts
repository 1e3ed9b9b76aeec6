// `firmseal completion`: a script that lets a shell complete commands, options and their values.

import { Argument, Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { completableCommands } from '../completion/command-tree.ts';
import { completionScript, completionShells } from '../completion/scripts.ts';
import { examples } from '../options.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';

/** `whole` gives the program with every command loaded. */
export const command = (shell: Shell, whole: () => Promise<CommandUnknownOpts>) =>
  new Command()
    .addArgument(new Argument('<shell>', 'the shell that the script is for').choices(completionShells))
    .addHelpText(
      'after',
      `\nTo use it, put the first line into ~/.bashrc, the second into ~/.zshrc, the third into ~/.config/fish/config.fish:\n` +
        `  source <(firmseal completion bash)\n  source <(firmseal completion zsh)\n  firmseal completion fish | source\n` +
        examples('completion bash > /etc/bash_completion.d/firmseal'),
    )
    .action(
      runs(shell, async (face, name) => {
        const script = completionScript(name, completableCommands(await whole()));
        face.tell({ event: 'completion', shell: name, script: `${script.join('\n')}\n` }, ...script);
      }),
    );
