// How a fault reaches the person or the script that called: label, sentence, remedy on standard error; exit code by kind.

import { Fault, faultLabel } from '@firmseal/fault';

/** 1 failed, 3 input refused, 4 authority or network, 70 our own defect (docs/exit-codes.md). */
function exitCodeOf(fault: Fault): number {
  const area = Math.floor(fault.number / 50) * 50;
  if (fault.code === 'internal-error') return 70;
  if (area === 450 || area === 850) return 4;
  if ((area >= 100 && area < 350) || (area >= 500 && area < 850)) return 3;
  return 1;
}

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

/** Prints the fault (as a JSON line when --json was asked for) and returns the exit code. */
export function reportFault(error: unknown): number {
  const fault = asFault(error);
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(faultRecord(fault))}\n`);
  process.stderr.write(
    `${faultLabel(fault.code)} ${fault.code}: ${fault.message}\n  What to do: ${fault.remedy}\n`,
  );
  if (process.env['FIRMSEAL_DEBUG'] !== undefined && fault.cause instanceof Error) {
    process.stderr.write(`${fault.cause.stack ?? ''}\n`);
  }
  return exitCodeOf(fault);
}
