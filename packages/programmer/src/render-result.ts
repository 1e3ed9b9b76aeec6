// Result lines in the form that production software parses: `#RESULT:<socket number>:#OK (...)` for PASS,
// `#RESULT:<socket number>:#UNPROTECTED (...)` and the like for a weaker outcome, or
// `#RESULT:<socket number>:#ERROR:<FS number> <sentence>`.

import { faultLabel } from '@firmseal/fault';
import type { EventBody, EventHead } from './events.ts';
import { plainText, seconds } from './render-text.ts';

export type ResultEvent = EventHead & Extract<EventBody, { kind: 'result' }>;

/** One line without its line feed. */
export function renderResult(event: ResultEvent): string {
  const head = `#RESULT:${event.socketNumber}:`;
  if (event.outcome === 'fail')
    return `${head}#ERROR:${faultLabel(event.fault.code)} ${plainText(event.fault.sentence)}`;
  const { totalMs, eraseMs, programMs, verifyMs } = event.times;
  const parts = [
    `Total ${seconds(totalMs)}`,
    `Erase ${seconds(eraseMs)}`,
    `Prog ${seconds(programMs)}`,
    `Verify ${seconds(verifyMs)}`,
  ];
  const word = event.outcome === 'pass' ? 'OK' : event.outcome.toUpperCase();
  return `${head}#${word} (${parts.join(', ')})`;
}
