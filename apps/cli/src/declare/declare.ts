// What all declarations of commands share: examples under a help text, repeated options, and the one place
// where a fault becomes text (or JSON) and an exit code.

import type { Command } from 'commander';

export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ firmseal ${line}`).join('\n')}\n`;

export const collect = (value: string, all: string[]): string[] => [...all, value];

/** Wraps a command's module so that its faults become text (or JSON) and an exit code at one place. */
export function runs(load: () => Promise<(...args: never[]) => Promise<unknown>>) {
  return async (...args: unknown[]): Promise<void> => {
    const { reportFault } = await import('../report.ts');
    try {
      const run = await load();
      const code = await run(...(args as never[]));
      process.exitCode = typeof code === 'number' ? code : 0;
    } catch (error) {
      process.exitCode = reportFault(error);
    }
  };
}

export const withAuthority = (command: Command): Command =>
  command
    .requiredOption('--authority <url>', 'address of the authority')
    .requiredOption('--token-file <file>', 'file with the token')
    .option('--json', 'as JSON');
