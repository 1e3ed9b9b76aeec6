// A DfuSe command: a download of block 0, which the next GETSTATUS starts and the one after its poll time
// tells the end of. AN3156, section 5.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { DfuControl } from '../control.ts';
import type { DfuStatus } from '../dfu-status.ts';
import { clearStatus } from '../requests/clear-status.ts';
import { download } from '../requests/download.ts';
import { getStatus } from '../requests/get-status.ts';
import { settle } from '../settle.ts';

/** What a failed status means with DfuSe. The device is brought out of dfuERROR first. */
export async function refuse(
  control: DfuControl,
  command: string,
  { status, state }: DfuStatus,
): Promise<never> {
  if (state === 'dfuERROR') await clearStatus(control);
  if (status === 'errVENDOR') throw new Fault('dfu-read-protected', { command });
  if (status === 'errTARGET') throw new Fault('dfu-address-refused', { command });
  throw new Fault('dfu-failed', { command, status, state });
}

/**
 * Runs the command to its end within `timeoutMs`. Throws `dfu-read-protected`, `dfu-address-refused`,
 * `dfu-failed`, `dfu-busy` and the faults of transfers.
 */
export async function runCommand(
  control: DfuControl,
  { command, bytes, timeoutMs }: { command: string; bytes: Bytes; timeoutMs: number },
): Promise<void> {
  if (!(await download(control, 0, bytes))) return refuse(control, command, await getStatus(control));
  const status = await settle(control, timeoutMs);
  if (status.state !== 'dfuDNLOAD-IDLE' && status.state !== 'dfuIDLE')
    return refuse(control, command, status);
}
