// From a Fault to an HTTP answer: `{code, number, sentence, remedy, fields}` and a status. Anything
// that is not a Fault is `internal-error` without detail: what went wrong inside is for the
// operator's observer, not for the line.

import { Fault, type FaultCode, type FaultFields } from '@firmseal/fault';

export interface FaultBody {
  readonly code: FaultCode;
  readonly number: number;
  readonly sentence: string;
  readonly remedy: string;
  readonly fields: FaultFields;
}

export type FaultStatus = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 503;

const statuses: Partial<Record<FaultCode, FaultStatus>> = {
  'body-invalid': 400,
  'hex-invalid': 400,
  'token-missing': 401,
  'token-refused': 401,
  'token-scope-wrong': 403,
  'job-unknown': 404,
  'license-unknown': 404,
  'token-unknown': 404,
  'route-unknown': 404,
  'product-not-served': 404,
  'job-package-unknown': 404,
  'job-not-approved': 409,
  'job-closed': 409,
  'job-package-repeated': 409,
  'quota-exhausted': 409,
  'request-id-reused': 409,
  'challenge-unknown': 409,
  'body-too-large': 413,
  'rate-exceeded': 429,
  'internal-error': 500,
  'store-busy': 503,
  'authority-stopping': 503,
};

/** The fault to answer with, for anything thrown. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault('internal-error', { detail: 'an unexpected failure of the authority' }, { cause: thrown });
}

/**
 * 422 for what the table does not name: the request was understood, and a certificate,
 * hello, receipt or package refused.
 */
export function statusOf(fault: Fault): FaultStatus {
  return statuses[fault.code] ?? 422;
}

export function bodyOf(fault: Fault): FaultBody {
  const { code, number, message, remedy, fields } = fault;
  return { code, number, sentence: message, remedy, fields };
}
