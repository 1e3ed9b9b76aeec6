// How a fault reaches the person or the script that called: label, sentence, remedy on
// standard error; exit code by kind.

import { Fault, faultLabel } from '@firmseal/fault';
import { faultOfFile } from '@firmseal/files';
import { exitCodeOfFault } from '@firmseal/programmer';
import { takenLine } from './desk/taken.ts';
import { Face } from './face.ts';
import type { Shell } from './shell.ts';

/**
 * Any thrown value as a Fault: what the system says of a path is that, and what was not foreseen is an
 * internal error.
 */
function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { syscall, path } = (error ?? {}) as { syscall?: unknown; path?: unknown };
  if (typeof syscall === 'string' && typeof path === 'string') return faultOfFile(error, path, 'read');
  const detail = error instanceof Error ? error.message : String(error);
  return new Fault('internal-error', { detail }, { cause: error });
}

/**
 * Prints the fault (as an event too when --json was asked for) and returns the exit
 * code (docs/exit-codes.md).
 */
export function reportFault(shell: Shell, error: unknown, json: boolean): number {
  const fault = asFault(error);
  const { code, number, message, remedy, fields } = fault;
  new Face(shell, json).event({ event: 'error', code, number, sentence: message, remedy, fields });
  shell.err.write(`${faultLabel(code)} ${code}: ${message}\n  What to do: ${remedy}\n${takenLine(shell)}`);
  if (shell.environment['FIRMSEAL_DEBUG'] !== undefined && fault.cause instanceof Error)
    shell.err.write(`${fault.cause.stack ?? ''}\n`);
  return exitCodeOfFault(fault);
}
