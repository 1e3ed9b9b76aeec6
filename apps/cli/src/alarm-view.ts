// An alarm: one event, one line.

import type { AlarmView } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import type { Face } from './face.ts';
import { showTime } from './times.ts';

export function tellAlarm(face: Face, view: AlarmView): void {
  const { alarm, atMs, reason, job, license, thumbprint, acknowledged } = view;
  const state =
    acknowledged === undefined
      ? 'NOT ACKNOWLEDGED'
      : `acknowledged ${showTime(acknowledged.atMs)} by token ${acknowledged.by}: ${acknowledged.note}`;
  face.tell(
    { event: 'alarm', ...view },
    `alarm ${alarm}: ${showTime(atMs)}, ${reason}, job ${toHex(job)}, license ${toHex(license)}, ` +
      `device ${toHex(thumbprint)}; ${state}`,
  );
}
