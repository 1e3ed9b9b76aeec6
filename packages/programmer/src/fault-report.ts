// Any error as a fault and as the record that events carry.

import { Fault } from '@firmseal/fault';
import type { FaultReport } from './events.ts';

/** The fault itself, or `internal-error` around anything else. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const detail = error instanceof Error ? error.name : 'a value that is no error was thrown';
  return new Fault('internal-error', { detail }, { cause: error });
}

export function reportFault(fault: Fault): FaultReport {
  const { code, number, message, remedy } = fault;
  return { code, number, sentence: message, remedy };
}
