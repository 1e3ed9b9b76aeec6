// Whether a way refused to read an address: on a chip that lets itself be read otherwise, a flash word
// whose error correcting code is broken.

import { Fault, type FaultCode } from '@firmseal/fault';

const codes: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'bootloader-refused',
  'dfu-address-refused',
  'dfu-failed',
  'openocd-memory-refused',
  'probe-failed',
]);

export const isUnreadable = (error: unknown): boolean => error instanceof Fault && codes.has(error.code);
