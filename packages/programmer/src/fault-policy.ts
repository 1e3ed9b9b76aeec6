// What a fault leads to: try again from the start of the connection, ask for another license first, or give
// up. Restarts are counted in install.ts, so nothing here can go on for ever.

import type { FaultCode } from '@firmseal/fault';

export type FaultConsequence = 'restart' | 'relicense' | 'fail';

/**
 * The line or the moment was bad; the chip keeps its state, and the same order of requests is begun again.
 */
const restartCodes: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'link-timeout',
  'link-closed',
  'link-connect-failed',
  'link-answer-malformed',
  'link-record-stuck',
  'step-timeout',
  'request-malformed',
  'request-out-of-state',
  'no-receipt',
  'flash-erase-failed',
  'flash-program-failed',
  'flash-verify-failed',
  'option-bytes-failed',
  'random-failed',
  'resume-content-differs',
  'record-hash-wrong',
  'record-length-wrong',
  'record-out-of-order',
  'hello-challenge-wrong',
  'challenge-unknown',
  'receipt-malformed',
  'receipt-challenge-wrong',
]);

/**
 * The chip does not take the license at hand any more, but may take a new one under the same unit of quota.
 */
const relicenseCodes: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'license-nonce-wrong',
  'license-unwraps-exhausted',
]);

export function consequenceOf(code: FaultCode): FaultConsequence {
  if (restartCodes.has(code)) return 'restart';
  return relicenseCodes.has(code) ? 'relicense' : 'fail';
}
