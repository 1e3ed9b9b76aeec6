// DFU 1.1 download of a file: blocks, their GETSTATUS, the end of the file, manifestation. DFU 1.1
// appendix A; to the agent it is a package, spec/link.md 5.3. The agent tells the fault behind dfuERROR
// by a vendor request, spec/link.md 5.5.

import { concatBytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type Clock, faultOfStatus } from '@firmseal/link';
import type { UsbDevice } from '@firmseal/usb-device';
import { type DfuControl, leftTheBus } from './control.ts';
import { openDfu } from './dfu-interface.ts';
import type { DfuStatus } from './dfu-status.ts';
import { clearStatus } from './requests/clear-status.ts';
import { download } from './requests/download.ts';
import { getStatus } from './requests/get-status.ts';
import { settle, toIdle } from './settle.ts';

export interface DownloadOptions {
  readonly device: UsbDevice;
  readonly clock: Clock;
  /** Pieces of any length, in order. */
  readonly file: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /**
   * Longest time of the work behind one block, and of the manifestation; default 120,000: the agent
   * erases meanwhile.
   */
  readonly stepTimeoutMs?: number;
  readonly onBlock?: (sentBytes: number) => void;
}

/**
 * How it ended: the device says that it took the file and wants a reset, or is ready for the next, or
 * left the bus during manifestation, which proves nothing (a receipt does).
 */
export type DownloadEnd = 'wait-reset' | 'idle' | 'left';

/** Number of the fault and the record awaited, 4 bytes each, little-endian. */
const faultRequest = { requestType: 'vendor', request: 3 } as const;

/** The agent's own fault where the device has that request, else `dfu-failed`. Always throws. */
async function refuse(control: DfuControl, { status, state }: DfuStatus): Promise<never> {
  const bytes = await control.in(faultRequest, 8);
  const plain = new Fault('dfu-failed', { command: 'Download', status, state });
  let fault = plain;
  if (bytes?.length === 8) {
    const view = new DataView(bytes.buffer);
    const number = view.getUint32(0, true);
    const answer = { status: number, payload: new Uint8Array(0), detail: view.getUint32(4, true) };
    if (number !== 0) fault = faultOfStatus('package', answer);
  }
  if (state === 'dfuERROR') await clearStatus(control);
  throw fault;
}

/** Pieces joined and cut to blocks of that size; the last may be shorter. */
async function* blocksOf(file: DownloadOptions['file'], sizeBytes: number) {
  let waiting = new Uint8Array(0);
  for await (const piece of file) {
    waiting = concatBytes(waiting, piece);
    for (; waiting.length >= sizeBytes; waiting = waiting.slice(sizeBytes)) yield waiting.slice(0, sizeBytes);
  }
  if (waiting.length > 0) yield waiting;
}

/**
 * Downloads the file to alternate setting 0. Throws the agent's faults (`options-applied` among them:
 * send the file again), `dfu-failed`, `dfu-busy`, `dfu-interface-missing` and the faults of transfers.
 */
export async function downloadFile(options: DownloadOptions): Promise<DownloadEnd> {
  const { device, clock, file, stepTimeoutMs = 120_000, onBlock = () => {} } = options;
  const { control, functional } = await openDfu(device, { clock });
  if (!functional.canDownload) throw new Fault('dfu-cannot-download');
  await toIdle(control);
  let block = 0;
  let sentBytes = 0;
  for await (const bytes of blocksOf(file, functional.transferSizeBytes)) {
    const taken = await download(control, block++ & 0xffff, bytes);
    const status = taken ? await settle(control, stepTimeoutMs) : await getStatus(control);
    if (!taken || status.state !== 'dfuDNLOAD-IDLE') return refuse(control, status);
    sentBytes += bytes.length;
    onBlock(sentBytes);
  }
  if (!(await download(control, block & 0xffff, new Uint8Array(0))))
    return refuse(control, await getStatus(control));
  return manifest(control, stepTimeoutMs);
}

async function manifest(control: DfuControl, timeoutMs: number): Promise<DownloadEnd> {
  let status: DfuStatus;
  try {
    status = await settle(control, timeoutMs);
  } catch (error) {
    if (leftTheBus(error)) return 'left';
    throw error;
  }
  if (status.state === 'dfuMANIFEST-WAIT-RESET') return 'wait-reset';
  return status.state === 'dfuIDLE' ? 'idle' : refuse(control, status);
}
