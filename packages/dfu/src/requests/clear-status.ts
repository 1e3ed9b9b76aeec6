// DFU_CLRSTATUS, 4: out of dfuERROR to dfuIDLE. DFU 1.1 section 6.1.3. Outside of dfuERROR devices
// differ: it is sent there only where a quirk asks for it.

import type { DfuControl } from '../control.ts';

/** False when the device refused it with a stall. */
export function clearStatus(control: DfuControl): Promise<boolean> {
  return control.out({ requestType: 'class', request: 4 });
}
