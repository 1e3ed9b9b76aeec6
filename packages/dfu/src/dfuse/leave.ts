// Leave DFU mode: a download without data starts the program at the address pointer. AN3156 section 5.4.
// The device leaves the bus, with or without an answer to the GETSTATUS that does it.

import { type DfuControl, leftTheBus } from '../control.ts';
import { download } from '../requests/download.ts';
import { getStatus } from '../requests/get-status.ts';
import { refuse } from './command.ts';
import { setAddress } from './set-address.ts';

const dataBlock = 2;

export async function leave(control: DfuControl, address: number): Promise<void> {
  await setAddress(control, address);
  const taken = await download(control, dataBlock, new Uint8Array(0));
  try {
    const status = await getStatus(control);
    if (!taken || status.state === 'dfuERROR') await refuse(control, 'Leave', status);
  } catch (error) {
    if (!leftTheBus(error)) throw error;
  }
}
