// The exit code of a command: 0 only when everything that was asked for is done (install: every
// socket ended in PASS; each weaker outcome has a code of its own). Which fault ends in which code is a
// column of spec/errors; the codes are explained in docs/exit-codes.md.

import { type ExitCode, exitCodes, Fault, faultRow } from '@firmseal/fault';
import type { InstallResult } from './install.ts';

/** The exit code of one fault; never 0. Restarts that ran out count as the fault that caused the last one. */
export function exitCodeOfFault({ code, cause }: Fault): ExitCode {
  if (code === 'install-restarts-exhausted' && cause instanceof Fault) return exitCodeOfFault(cause);
  return exitCodes[faultRow(code).exit];
}

/** The exit code of a command: 0 when there are results and all passed. */
export function exitCodeOf(results: readonly InstallResult[]): ExitCode {
  const failures = results.flatMap((result) => {
    if (result.outcome === 'pass') return [];
    return [result.outcome === 'fail' ? exitCodeOfFault(result.fault) : exitCodes[result.outcome]];
  });
  if (results.length === 0) return exitCodes.usage;
  const [first] = failures;
  if (first === undefined) return exitCodes.pass;
  return failures.every((code) => code === first) ? first : exitCodes.mixed;
}
