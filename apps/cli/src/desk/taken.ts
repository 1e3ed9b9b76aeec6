// What a run of a command took from a desk file, for those who ask (`--verbose`) and beside every error.

import { harmless } from '@firmseal/fault';
import type { Shell } from '../shell.ts';

export interface Taken {
  readonly file: string;
  /** `--chip stm32f427` */
  readonly values: readonly string[];
}

const taken = new WeakMap<Shell, Taken>();

export const noteTaken = (shell: Shell, found: Taken): void => void taken.set(shell, found);

/** A line that names file and values; none where nothing was taken. */
export function takenLine(shell: Shell): string {
  const found = taken.get(shell);
  return found === undefined || found.values.length === 0
    ? ''
    : `  ${harmless(`From ${found.file}: ${found.values.join(', ')}`)}\n`;
}
