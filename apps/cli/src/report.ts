// How a fault reaches the person or the script that called: label, sentence, remedy on
// standard error; exit code by kind.

import { Fault, faultLabel } from '@firmseal/fault';
import { exitCodeOfFault } from '@firmseal/programmer';

/** One error as an object for --json output; nothing secret can be in it. */
function faultRecord(fault: Fault): Record<string, unknown> {
  return {
    event: 'error',
    code: fault.code,
    number: fault.number,
    sentence: fault.message,
    remedy: fault.remedy,
    fields: fault.fields,
  };
}

/** Any thrown value as a Fault: what was not foreseen is an internal error. */
function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(
    'internal-error',
    { detail: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );
}

/**
 * Prints the fault (as a JSON line when --json was asked for) and returns the exit code (docs/exit-codes.md).
 */
export function reportFault(error: unknown): number {
  const fault = asFault(error);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(faultRecord(fault))}\n`);
  process.stderr.write(
    `${faultLabel(fault.code)} ${fault.code}: ${fault.message}\n  What to do: ${fault.remedy}\n`,
  );
  if (process.env['FIRMSEAL_DEBUG'] !== undefined && fault.cause instanceof Error) {
    process.stderr.write(`${fault.cause.stack ?? ''}\n`);
  }
  return exitCodeOfFault(fault);
}
