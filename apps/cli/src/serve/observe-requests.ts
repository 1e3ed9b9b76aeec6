// What an authority that serves tells of its requests: the log on standard error, and figures for those who
// watch it.

import { formatRequest, jsonRequestLog, type Metrics, type RequestEvent } from '@firmseal/authority';
import { calls } from '@firmseal/authority-contract';
import type { Shell } from '../shell.ts';

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** A good answer about health is asked for without an end: it is counted, not logged. */
export function observeRequests(
  { err }: Shell,
  { format, metrics }: { format: LogFormat; metrics: Metrics | undefined },
): (event: RequestEvent) => void {
  const log =
    format === 'json'
      ? jsonRequestLog((line) => err.write(line))
      : (event: RequestEvent) => err.write(`${formatRequest(event, new Date())}\n`);
  return (event) => {
    metrics?.observe(event);
    if (event.route !== calls.health.path || event.fault !== undefined) log(event);
  };
}
