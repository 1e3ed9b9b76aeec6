// Streams the records of a package with as many unanswered as the agent's window allows, and goes
// back where the agent says that one is missing. spec/link.md section 3, "Records". Where records
// come from is the caller's affair.

import { Fault, faultRow } from '@firmseal/fault';
import type { LinkClient } from './link-client.ts';
import { type Answer, faultOfStatus, recordBody, u32leAt } from './message.ts';

export interface RecordStreamOptions {
  /** How many records there are. */
  readonly count: number;
  /** The record of an index, 0 to count - 1; asked for again when the stream goes back. */
  readonly recordAt: (index: number) => Uint8Array;
  /** Records that may be unanswered, as the agent's info says; at least 1. */
  readonly window: number;
  /** Told the index that the agent awaits, whenever it moves forward. */
  readonly onAwaited?: (index: number) => void;
}

interface SentRecord {
  readonly index: number;
  readonly answer: Promise<Answer | undefined>;
}

const recordOutOfOrder = faultRow('record-out-of-order').number;
/** A window larger than this gains nothing and would only fill buffers. */
const mostWindow = 32;
/** How often the stream goes back without a record more having been accepted. */
const mostReturns = 16;

/**
 * Resolves when the agent has accepted the last record. Rejects with the agent's fault for a record, with
 * `link-record-stuck` when the agent sends the stream back again and again, and like LinkClient.request.
 */
export async function streamRecords(link: LinkClient, options: RecordStreamOptions): Promise<void> {
  const unanswered: SentRecord[] = [];
  try {
    await stream(link, options, unanswered);
  } finally {
    // A fault leaves records on the line; their answers are waited for so that the
    // next request finds it free.
    await Promise.allSettled(unanswered.map(({ answer }) => answer));
  }
}

async function stream(
  link: LinkClient,
  options: RecordStreamOptions,
  unanswered: SentRecord[],
): Promise<void> {
  const { count, recordAt } = options;
  const window = Math.max(1, Math.min(options.window, mostWindow));
  let next = 0;
  let awaited = 0;
  let furthest = 0;
  let returns = 0;
  let goingBack = false;

  while (awaited < count) {
    while (!goingBack && next < count && unanswered.length < window) {
      const answer = link.exchange('record', recordBody(next, recordAt(next)));
      // It is awaited in its turn; until then a failure of the whole link must not count as unhandled.
      answer.catch(() => undefined);
      unanswered.push({ index: next++, answer });
    }
    const oldest = unanswered.shift();
    if (oldest === undefined) {
      // Nothing is on the line and the agent awaits a record that was sent: send again from there.
      if (++returns > mostReturns)
        throw new Fault('link-record-stuck', { record: awaited, limit: mostReturns });
      next = awaited;
      goingBack = false;
      continue;
    }
    const answer = await oldest.answer;
    if (answer === undefined) {
      // Passed over: its frame or its answer was lost. The answer that came instead says which.
      goingBack = true;
      continue;
    }
    awaited = awaitedAfter(oldest.index, answer, count);
    if (answer.status !== 0) goingBack = true;
    if (awaited > furthest) {
      furthest = awaited;
      returns = 0;
      options.onAwaited?.(awaited);
    }
    if (awaited >= next) {
      next = awaited;
      goingBack = false;
    }
  }
}

/**
 * The index that the agent awaits by its answer to the record `index`; throws its fault when it is another.
 */
function awaitedAfter(index: number, answer: Answer, count: number): number {
  const malformed = () => new Fault('link-answer-malformed', { what: 'record' });
  if (answer.status === recordOutOfOrder) {
    // The detail comes from the line: only a record before this one can be the missing one.
    if (answer.detail >= index) throw malformed();
    return answer.detail;
  }
  if (answer.status !== 0) throw faultOfStatus('record', answer);
  if (answer.payload.length !== 4) throw malformed();
  const awaited = u32leAt(answer.payload, 0);
  if (awaited <= index || awaited > count) throw malformed();
  return awaited;
}
