// Runs clients against chips and gives the cells; used to record the whole table and, by
// a test, to repeat a sample.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolVersion } from '../../../tools/toolchain.ts';
import { buildDfuShim } from '../../dfu-shim/build.ts';
import type { Guest } from '../../usb-vm/guest.ts';
import type { Cell, ClientName } from './cell.ts';
import { dfuUtilCells } from './dfu-util-cells.ts';
import { onStlink, openocdCells } from './openocd-cells.ts';
import { inGuest } from './openocd-usb-vm.ts';
import { runClient } from './run-client.ts';
import { stm32flashCells } from './stm32flash-cells.ts';

export interface ClientPlan {
  readonly clients: readonly ClientName[];
  /**
   * The machine with USB that OpenOCD runs in to meet CMSIS-DAP probes; such a client
   * is passed over without one.
   */
  readonly guest?: Guest;
  readonly told?: (chip: string, client: string) => void;
}

export async function runClients(
  chips: readonly string[],
  { clients, guest, told = () => {} }: ClientPlan,
): Promise<Cell[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-conformance-'));
  try {
    const shim = clients.includes('dfu-util') ? buildDfuShim(folder) : '';
    const run: Readonly<Record<ClientName, (chip: string) => Promise<Cell[]>>> = {
      stm32flash: (chip) => stm32flashCells(chip, folder),
      'dfu-util': (chip) => dfuUtilCells(chip, { folder, shim }),
      'openocd-stlink': (chip) => openocdCells(chip, 'openocd-stlink', { run: onStlink }),
      'openocd-cmsis-dap': async (chip) =>
        guest === undefined
          ? []
          : openocdCells(chip, 'openocd-cmsis-dap', { run: inGuest(guest, 'cmsis-dap-v2') }),
    };
    const cells: Cell[] = [];
    for (const chip of chips)
      for (const client of clients) {
        told(chip, client);
        cells.push(...(await run[client](chip)));
      }
    return cells;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As the programs name themselves. The guest's programs are those of this machine. */
export async function programName(client: ClientName, guest?: Guest): Promise<string> {
  if (client === 'dfu-util') return `${toolVersion('dfu-util')}, its libusb replaced by lab/dfu-shim`;
  if (client === 'stm32flash') {
    const { printed } = await runClient('stm32flash', ['/dev/null']);
    return `${/stm32flash \d[\d.]*/.exec(printed)?.[0] ?? 'stm32flash'}, on a pseudo-terminal`;
  }
  const { printed } = await runClient('openocd', ['--version']);
  const name = printed.split('\n')[0] ?? 'openocd';
  return client === 'openocd-stlink'
    ? `${name}, st-link backend tcp`
    : `${name}, version 2 probes over USB, ${guest?.kernelName ?? ''}`;
}
