// DFU_DETACH, 0: an application with a run-time interface makes room for the program that takes firmware. DFU
// 1.1 section 5.1.

import type { DfuControl } from '../control.ts';

/** `waitMs`: how long the device waits for a reset of the bus. False when it refused it with a stall. */
export function detach(control: DfuControl, waitMs: number): Promise<boolean> {
  return control.out({ requestType: 'class', request: 0, value: waitMs });
}
