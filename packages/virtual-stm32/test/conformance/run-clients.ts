// Runs clients against chips and gives the cells; used to record the whole table and, by a test, to repeat a sample.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDfuShim } from '../../../../tools/dfu-shim/build.ts';
import { toolVersion } from '../../../../tools/toolchain.ts';
import { runClient } from '../run-client.ts';
import type { Cell, ClientName, ClientRecord } from './cell.ts';
import { dfuUtilCells } from './dfu-util-cells.ts';
import { openocdCells } from './openocd-cells.ts';
import { stm32flashCells } from './stm32flash-cells.ts';

/** Those that run on this machine; CMSIS-DAP over USB needs a kernel with USB devices and is recorded there. */
export type HostClient = Exclude<ClientName, 'openocd-cmsis-dap'>;

export async function runClients(
  chips: readonly string[],
  {
    clients,
    told = () => {},
  }: { clients: readonly HostClient[]; told?: (chip: string, client: string) => void },
): Promise<Cell[]> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-conformance-'));
  try {
    const shim = clients.includes('dfu-util') ? buildDfuShim(folder) : '';
    const run: Readonly<Record<HostClient, (chip: string) => Promise<Cell[]>>> = {
      stm32flash: (chip) => stm32flashCells(chip, folder),
      'dfu-util': (chip) => dfuUtilCells(chip, { folder, shim }),
      'openocd-stlink': (chip) => openocdCells(chip, folder),
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

/** As the programs name themselves. */
export async function clientVersions(): Promise<ClientRecord['versions']> {
  const { printed } = await runClient('stm32flash', ['-h']);
  const openocd = await runClient('openocd', ['--version']);
  return {
    stm32flash: /stm32flash \d[\d.]*/.exec(printed)?.[0] ?? 'stm32flash',
    'dfu-util': toolVersion('dfu-util'),
    'openocd-stlink': openocd.printed.split('\n')[0] ?? 'openocd',
  };
}
