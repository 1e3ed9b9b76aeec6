// DFU_UPLOAD, 2: a block from the device; a short one ends the upload. DFU 1.1 section 6.2.

import type { Bytes } from '@firmseal/bytes';
import type { DfuControl } from '../control.ts';

/** Undefined when the device refused it with a stall. */
export function upload(control: DfuControl, block: number, lengthBytes: number): Promise<Bytes | undefined> {
  return control.in({ requestType: 'class', request: 2, value: block }, lengthBytes);
}
