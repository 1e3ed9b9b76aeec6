// Get Commands: an upload of block 0. AN3156 section 4.2.

import type { DfuControl } from '../control.ts';
import { getStatus } from '../requests/get-status.ts';
import { upload } from '../requests/upload.ts';
import { refuse } from './command.ts';

/** Codes: 0x00 get, 0x21 set address, 0x41 erase, 0x92 read unprotect. From dfuIDLE. */
export async function getCommands(control: DfuControl): Promise<readonly number[]> {
  const bytes = await upload(control, 0, 16);
  return bytes === undefined ? refuse(control, 'Get Commands', await getStatus(control)) : [...bytes];
}
