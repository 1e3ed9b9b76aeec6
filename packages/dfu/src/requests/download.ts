// DFU_DNLOAD, 1: a block for the device; a block without bytes ends the download. DFU 1.1 section 6.1.1.

import type { Bytes } from '@firmseal/bytes';
import type { DfuControl } from '../control.ts';

/** False when the device refused it with a stall. */
export function download(control: DfuControl, block: number, bytes: Bytes): Promise<boolean> {
  return control.out({ requestType: 'class', request: 1, value: block }, bytes);
}
