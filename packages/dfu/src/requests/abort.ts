// DFU_ABORT, 6: out of a download or upload to dfuIDLE. DFU 1.1 section 6.1.4.

import type { DfuControl } from '../control.ts';

/** False when the device refused it with a stall. */
export function abort(control: DfuControl): Promise<boolean> {
  return control.out({ requestType: 'class', request: 6 });
}
