// One line for each request, as text or as JSON: when, what, how it ended, by whom. It names routes and token
// ids, never a parameter, a token, a body, or the text of an error that did not come from this program.

import { Fault, faultLabel } from '@firmseal/fault';
import { pino, stdTimeFunctions } from 'pino';
import type { RequestEvent } from './gate.ts';

/**
 * What is known of an error without repeating its text, which may hold a secret: its kind, code and place.
 */
function describeCause(cause: unknown): string {
  if (cause instanceof Fault) return `${cause.code}: ${cause.message}`;
  if (!(cause instanceof Error)) return 'a value that is no error';
  const { code, errcode } = cause as { code?: unknown; errcode?: unknown };
  const codes = [code, errcode].filter((one) => typeof one === 'string' || typeof one === 'number');
  const place = /\n\s+at ([^\n]+)/.exec(cause.stack ?? '')?.[1];
  return [cause.name, ...codes, ...(place === undefined ? [] : [`at ${place}`])].join(' ');
}

/** What is known of an internal fault's cause; nothing for a refusal. */
const causeOf = ({ status, fault }: RequestEvent): string | undefined =>
  status >= 500 && fault?.cause !== undefined ? describeCause(fault.cause) : undefined;

/**
 * `2026-01-02T03:04:05.678Z POST /v1/jobs/:job/licenses 200 12ms token 0a1b...`, and for a
 * fault its label, code and cause.
 */
export function formatRequest(event: RequestEvent, now: Date): string {
  const { method, route, status, durationMs, tokenId, fault } = event;
  const who = tokenId === undefined ? '' : ` token ${tokenId}`;
  const head = `${now.toISOString()} ${method} ${route} ${status} ${Math.round(durationMs)}ms${who}`;
  if (fault === undefined) return head;
  const cause = causeOf(event);
  return `${head} ${faultLabel(fault.code)} ${fault.code}${cause === undefined ? '' : ` (${cause})`}`;
}

/**
 * The same as lines of JSON, in pino's form: `level` 30 for an answer, 40 for a refusal, 50 for a failure of
 * the authority; `time` as in RFC 3339.
 */
export function jsonRequestLog(write: (line: string) => void): (event: RequestEvent) => void {
  const log = pino({ base: null, timestamp: stdTimeFunctions.isoTime }, { write });
  return (event) => {
    const { method, route, status, durationMs, tokenId, fault } = event;
    const level = status >= 500 ? 'error' : fault === undefined ? 'info' : 'warn';
    log[level](
      {
        ...{ method, route, status, durationMs: Math.round(durationMs), token: tokenId },
        ...(fault ? { code: fault.code, number: faultLabel(fault.code), cause: causeOf(event) } : {}),
      },
      'request',
    );
  };
}
