// From a Fault to an HTTP answer: `{code, number, sentence, remedy, fields}` and a status. Anything
// that is not a Fault is `internal-error` without detail: what went wrong inside is for the
// operator's observer, not for the line.

import { Fault, type FaultCode, type FaultFields, type FaultStatus, faultRow } from '@firmseal/fault';

export interface FaultBody {
  readonly code: FaultCode;
  readonly number: number;
  readonly sentence: string;
  readonly remedy: string;
  readonly fields: FaultFields;
}

/** The fault to answer with, for anything thrown. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault('internal-error', { detail: 'an unexpected failure of the authority' }, { cause: thrown });
}

/** The column `http` of spec/errors; 500 for a fault that no request should be able to cause. */
export function statusOf(fault: Fault): FaultStatus {
  return faultRow(fault.code).http ?? 500;
}

export function bodyOf(fault: Fault): FaultBody {
  const { code, number, message, remedy, fields } = fault;
  return { code, number, sentence: message, remedy, fields };
}
