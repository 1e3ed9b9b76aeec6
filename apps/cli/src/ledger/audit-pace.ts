// Shows on standard error how far an audit of a ledger has come, when it takes longer than a second, and lets the
// program hear in between that it was asked to stop: the work itself never waits for anything.

import type { AuditWork } from '@firmseal/audit';
import type { Face } from '../face.ts';

const firstAfterMs = 1000;
const betweenNotesMs = 5000;
const betweenPausesMs = 100;

/** `nowMs`: a clock that only rises. */
export function auditPace(
  face: Pick<Face, 'note'>,
  nowMs: () => number = () => performance.now(),
): (work: AuditWork) => Promise<void> | undefined {
  const startMs = nowMs();
  let notedMs = startMs + firstAfterMs - betweenNotesMs;
  let pausedMs = startMs;
  return ({ what, done, of }) => {
    const now = nowMs();
    if (now - notedMs >= betweenNotesMs) {
      notedMs = now;
      const seconds = Math.round((now - startMs) / 1000);
      face.note(`${what === 'entries' ? 'entries read' : 'units verified'}: ${done} of ${of}, ${seconds} s`);
    }
    if (now - pausedMs < betweenPausesMs) return undefined;
    pausedMs = now;
    return new Promise((resolve) => void setImmediate(resolve));
  };
}
