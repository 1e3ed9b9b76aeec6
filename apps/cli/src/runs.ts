// The bridge from commander to a command's run: gives it the face that --json asked
// for, and keeps the exit code.

import { takenLine } from './desk/taken.ts';
import { Face } from './face.ts';
import type { Shell } from './shell.ts';

/** Exit codes of the commands that ran in a shell; 0 unless the command said otherwise. */
const codes = new WeakMap<Shell, number>();

export const exitCodeIn = (shell: Shell): number => codes.get(shell) ?? 0;

/**
 * An action for commander, which calls it with the command's arguments, its options and the command itself.
 * `run` gets the face before them, all as the declaration types them; the number that it resolves to is the
 * exit code (0 without one). What it throws is reported by program.ts.
 */
export function runs<A extends readonly unknown[]>(
  shell: Shell,
  run: (face: Face, ...given: A) => Promise<number | undefined>,
): (...given: A) => Promise<void> {
  return async (...given) => {
    const options = given.at(-2) as { readonly json?: boolean; readonly verbose?: boolean };
    if (options.verbose === true) shell.err.write(takenLine(shell));
    codes.set(shell, (await run(new Face(shell, options.json === true), ...given)) ?? 0);
  };
}
