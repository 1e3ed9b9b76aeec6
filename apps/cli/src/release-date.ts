// The day of this release, the same in every copy of it. Certificates of devices are valid from
// then on, so that no chip depends on the clock of the bench that made it; and a clock that
// stands before that day is wrong.

import { Fault } from '@firmseal/fault';

/** Moved forward with each release (CHANGELOG.md). */
export const releaseDate = new Date('2026-11-29T00:00:00Z');

/** Throws `clock-behind` where this machine's clock stands before the day of the release. */
export function checkClock(now: Date): void {
  if (now < releaseDate)
    throw new Fault('clock-behind', {
      clock: now.toISOString().slice(0, 10),
      release: releaseDate.toISOString().slice(0, 10),
    });
}
