// One line of text for each request: when, what, how it ended, by whom. It names routes and token ids, never
// a parameter, a token, a body, or the text of an error that did not come from this program.

import { Fault, faultLabel } from '@firmseal/fault';
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

/**
 * `2026-01-02T03:04:05.678Z POST /v1/jobs/:job/licenses 200 12ms token 0a1b...`, and for a
 * fault its label, code and cause.
 */
export function formatRequest(event: RequestEvent, now: Date): string {
  const { method, route, status, durationMs, tokenId, fault } = event;
  const who = tokenId === undefined ? '' : ` token ${tokenId}`;
  const head = `${now.toISOString()} ${method} ${route} ${status} ${Math.round(durationMs)}ms${who}`;
  if (fault === undefined) return head;
  const cause = fault.cause === undefined ? '' : ` (${describeCause(fault.cause)})`;
  const internal = status >= 500 ? cause : '';
  return `${head} ${faultLabel(fault.code)} ${fault.code}${internal}`;
}
