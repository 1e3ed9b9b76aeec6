// Shows on standard error how far an audit has come, when it takes longer than a second, and lets the
// program hear in between that it was asked to stop: the work itself never waits for anything.

import type { Face } from '../face.ts';

const firstAfterMs = 1000;
const betweenNotesMs = 5000;
const betweenPausesMs = 100;

const names = {
  entries: 'entries read',
  units: 'units verified',
  lines: 'lines of evidence audited',
} as const;

/** `of`: how many there are, where that is known. */
interface Work {
  readonly what: keyof typeof names;
  readonly done: number;
  readonly of?: number;
}

/** `nowMs`: a clock that only rises. */
export function auditPace(
  face: Pick<Face, 'note'>,
  nowMs: () => number = () => performance.now(),
): (work: Work) => Promise<void> | undefined {
  const startMs = nowMs();
  let notedMs = startMs + firstAfterMs - betweenNotesMs;
  let pausedMs = startMs;
  return ({ what, done, of }) => {
    const now = nowMs();
    if (now - notedMs >= betweenNotesMs) {
      notedMs = now;
      const seconds = Math.round((now - startMs) / 1000);
      face.note(`${names[what]}: ${done}${of === undefined ? '' : ` of ${of}`}, ${seconds} s`);
    }
    if (now - pausedMs < betweenPausesMs) return undefined;
    pausedMs = now;
    return new Promise((resolve) => void setImmediate(resolve));
  };
}

/** The same lines, with how many there were so far. */
export async function* paced(
  lines: AsyncIterable<string>,
  pace: ReturnType<typeof auditPace>,
): AsyncGenerator<string> {
  let done = 0;
  for await (const line of lines) {
    yield line;
    await pace({ what: 'lines', done: ++done });
  }
}
