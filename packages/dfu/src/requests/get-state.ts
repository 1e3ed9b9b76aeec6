// DFU_GETSTATE, 5: the state alone, without changing it. DFU 1.1 section 6.1.5.

import { Fault } from '@firmseal/fault';
import type { DfuControl } from '../control.ts';
import { type DfuState, readState } from '../dfu-status.ts';

export async function getState(control: DfuControl): Promise<DfuState> {
  const bytes = await control.in({ requestType: 'class', request: 5 }, 1);
  if (bytes === undefined)
    throw new Fault('dfu-answer-malformed', { request: 'GETSTATE', problem: 'the device refused it' });
  return readState(bytes);
}
