// Debian's OpenOCD, unmodified, with probes that a Linux kernel enumerated: CMSIS-DAP of both versions,
// ST-LINK. The cells must be the kept ones, whichever probe carries them; identity is checked in what OpenOCD
// prints. `npm run lab -- usb-vm` runs every chip, the tests of the whole tree one.

import { describe, expect, test } from 'vitest';
import { skipTests } from '../../../tools/test-report/skip-tests.ts';
import { guest, isWhole, lackOfGuest } from '../../usb-vm/guest-of-tests.ts';
import { chips, operations } from './cell.ts';
import type { OpenocdRun } from './openocd.ts';
import { openocdCells, type SessionRunner } from './openocd-cells.ts';
import { openocdFamilies } from './openocd-families.ts';
import { inGuest, type UsbProbe } from './openocd-usb-vm.ts';
import { readRecord } from './records.ts';

const kept = readRecord().cells;

interface Case {
  readonly chip: string;
  readonly probe: UsbProbe;
}

const some: Case[] = [{ chip: 'stm32g0b1', probe: 'cmsis-dap-v2' }];
const all: Case[] = [
  ...chips.map((chip) => ({ chip, probe: 'cmsis-dap-v2' as const })),
  { chip: 'stm32l476', probe: 'cmsis-dap-v1' },
  { chip: 'stm32f427', probe: 'stlink' },
  { chip: 'stm32g0b1', probe: 'stlink' },
];

/** What OpenOCD prints of the probe itself. */
const probeLines: Readonly<Record<UsbProbe, readonly string[]>> = {
  'cmsis-dap-v1': ['CMSIS-DAP: FW Version = 2.1.0', 'CMSIS-DAP: Atomic commands supported'],
  'cmsis-dap-v2': ['CMSIS-DAP: FW Version = 2.1.0', 'CMSIS-DAPv2 interface'],
  stlink: ['STLINK V2J37S7 (API v2) VID:PID 0483:3748', 'Target voltage: 3.2'],
};

describe('OpenOCD in a machine with USB', () => {
  skipTests(lackOfGuest);

  test.each(isWhole ? all : some)(
    '$chip by $probe does what is kept',
    async ({ chip, probe }) => {
      const client = probe === 'stlink' ? 'openocd-stlink' : 'openocd-cmsis-dap';
      let runs: readonly OpenocdRun[] = [];
      const run: SessionRunner = async (...job) => {
        runs = await inGuest(guest!, probe)(...job);
        return runs;
      };
      const cells = await openocdCells(chip, client, { run });
      const { log } = runs[0]!;
      const same = kept.filter((one) => one.chip === chip && one.client === client);
      expect(cells).toEqual(same.sort(asIn(cells)));
      expect(new Set(cells.map(({ operation }) => operation))).toEqual(new Set(operations));
      expect(runs[0]!.exitCode, log).toBe(0);
      for (const line of probeLines[probe]) expect(log).toContain(line);
      expect(log.includes('CMSIS-DAPv2 interface')).toBe(probe === 'cmsis-dap-v2');
      for (const line of openocdFamilies[chip]!.identity) expect(log).toMatch(line);
      // At level 2 the probe is there and the chip is not.
      expect(runs.at(-1)!.log).toContain(probeLines[probe][0]);
      expect(runs.at(-1)!.log).not.toContain('SWD DPIDR');
    },
    600_000,
  );
});

/** The order of operations in which the sessions gave them. */
function asIn(cells: readonly { readonly operation: string }[]) {
  const place = (operation: string): number => cells.findIndex((one) => one.operation === operation);
  return (a: { operation: string }, b: { operation: string }): number =>
    place(a.operation) - place(b.operation);
}
