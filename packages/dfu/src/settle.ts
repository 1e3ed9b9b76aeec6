// Waiting for a DFU device: GETSTATUS until it is no longer busy, after the times that it asks for and
// never beyond a deadline of ours; and the ways to dfuIDLE.

import { Fault } from '@firmseal/fault';
import { sleep } from '@firmseal/link';
import { type DfuControl, transferTimeoutMs } from './control.ts';
import type { DfuState, DfuStatus } from './dfu-status.ts';
import { abort } from './requests/abort.ts';
import { clearStatus } from './requests/clear-status.ts';
import { getState } from './requests/get-state.ts';
import { getStatus } from './requests/get-status.ts';

const busyStates: ReadonlySet<DfuState> = new Set([
  'dfuDNLOAD-SYNC',
  'dfuDNBUSY',
  'dfuMANIFEST-SYNC',
  'dfuMANIFEST',
]);
/** A device that is busy and asks for no time is asked again after so long. */
const leastPollMs = 2;

/**
 * The first status in which the device is not busy. `timeoutMs` from now: a device that asks for more
 * waits in vain, and one GETSTATUS may take all of it (ROMs answer it late after a mass erase). Throws
 * `dfu-busy` with the state it stayed in.
 */
export async function settle(control: DfuControl, timeoutMs: number): Promise<DfuStatus> {
  const { clock } = control;
  const endMs = clock.nowMs() + timeoutMs;
  for (;;) {
    const leftMs = endMs - clock.nowMs();
    const status = await getStatus(control, Math.max(transferTimeoutMs, leftMs));
    if (!busyStates.has(status.state)) return status;
    const nowMs = clock.nowMs();
    if (nowMs >= endMs) throw new Fault('dfu-busy', { state: status.state, timeoutMs });
    await sleep(clock, Math.min(Math.max(leastPollMs, status.pollMs), endMs - nowMs));
  }
}

/**
 * From any state to dfuIDLE: CLRSTATUS in dfuERROR only (others stall it), ABORT elsewhere. Throws
 * `dfu-not-idle` when the device goes nowhere.
 */
export async function toIdle(control: DfuControl, timeoutMs = transferTimeoutMs): Promise<void> {
  let state = await getState(control);
  for (let attempt = 0; attempt < 4; attempt++) {
    if (state === 'dfuIDLE') return;
    if (state === 'dfuERROR') await clearStatus(control);
    else if (busyStates.has(state)) await settle(control, timeoutMs).catch(() => undefined);
    else await abort(control);
    state = await getState(control);
  }
  if (state !== 'dfuIDLE') throw new Fault('dfu-not-idle', { state });
}
