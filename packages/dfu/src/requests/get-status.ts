// DFU_GETSTATUS, 3: state, status and the time after which to ask again; with DfuSe it also starts what a
// download holds. DFU 1.1 section 6.1.2.

import { Fault } from '@firmseal/fault';
import type { DfuControl } from '../control.ts';
import { type DfuStatus, readStatus } from '../dfu-status.ts';

/** Throws `dfu-answer-malformed`: no state allows a stall here. */
export async function getStatus(control: DfuControl, timeoutMs?: number): Promise<DfuStatus> {
  const bytes = await control.in({ requestType: 'class', request: 3 }, 6, timeoutMs);
  if (bytes === undefined)
    throw new Fault('dfu-answer-malformed', { request: 'GETSTATUS', problem: 'the device refused it' });
  return readStatus(bytes);
}
