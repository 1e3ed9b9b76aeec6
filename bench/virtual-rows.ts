// The virtual STM32 as others use it: a download by dfu-util against the real-time clock and with the clock
// running freely, and the memory of 100 chips with all doors open.

import { eraseProgramTimeUs, findChip } from '@firmseal/chips';
import { timeDfuDownload } from '../lab/dfu-shim/dfu-download.ts';
import { measureFarm } from '../lab/gang/virtual-farm.ts';
import { type Guest, guestHere } from '../lab/usb-vm/guest.ts';
import { hasTool } from '../tools/toolchain.ts';
import type { BenchRow } from './row.ts';

const chips = 100;
const range = { addressStart: 0x0800_0000, length: 1024 * 1024 };

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** Wall time over what the flash and the announced polls take, by dfu-util here or in the guest. */
async function pacedRow(name: string, { guest, note }: { guest?: Guest; note: string }): Promise<BenchRow> {
  const request = { chip: 'stm32f427', address: range.addressStart, sizeBytes: range.length };
  const catalogueMs = eraseProgramTimeUs(findChip('stm32f427'), [range], 'typical') / 1000;
  const real = await timeDfuDownload({
    ...request,
    clock: 'real',
    ...(guest === undefined ? {} : { guest }),
  });
  if (real.wallMs < 0.9 * real.expectedMs) throw new Error('the chip was faster than its flash');
  if (Math.abs(real.flashMs / catalogueMs - 1) > 0.01) throw new Error('the flash took another time');
  return {
    name,
    value: real.wallMs / 1000,
    unit: 's',
    ratio: real.wallMs / real.expectedMs,
    note: `wall time${note}; peer: catalogue's typical flash times (${seconds(catalogueMs)}) and announced polls, of each operation the longer: ${seconds(real.expectedMs)}`,
  };
}

async function downloadRows(): Promise<BenchRow[]> {
  const request = { chip: 'stm32f427', address: range.addressStart, sizeBytes: range.length };
  const paced = await pacedRow('dfu-util, 1 MiB to F427, real-time clock', { note: '' });
  const free = await timeDfuDownload({ ...request, clock: 'free' });
  return [
    { ...paced, aim: 1.05, limit: 1.1 },
    {
      name: 'dfu-util, 1 MiB to F427, clock running freely',
      value: free.wallMs / 1000,
      unit: 's',
      note: 'wall time, host only: dfu-util without its sleeps, USB/IP and chip',
    },
  ];
}

/**
 * Where the guest of lab/usb-vm is kept. No limit: each of the 1,500 transfers takes
 * the emulated PC's time too.
 */
async function unmodifiedRows(): Promise<BenchRow[]> {
  const guest = guestHere();
  if ('lacks' in guest) return [];
  const name = 'unmodified dfu-util in the USB VM, 1 MiB to F427, real-time clock';
  return [await pacedRow(name, { guest, note: ', the emulated PC included' })];
}

export async function virtualRows(): Promise<BenchRow[]> {
  const farm = await measureFarm('stm32f427', chips);
  const gibibytes = farm.rssBytes / 1024 ** 3;
  return [
    ...(hasTool('dfu-util') && hasTool('gcc') ? await downloadRows() : []),
    ...(await unmodifiedRows()),
    {
      name: `${chips} virtual F427 in one process`,
      value: gibibytes,
      unit: 'GiB',
      ratio: gibibytes,
      aim: 0.75,
      limit: 1,
      note: `resident memory, every erase unit written, a client on every UART and ST-LINK; peer: 1 GiB; all doors open after ${(farm.readyMs / 1000).toFixed(1)} s`,
    },
  ];
}
