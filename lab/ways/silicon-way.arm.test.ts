// The whole of `firmseal silicon check` on the machine code that ships, over a serial line with BOOT0 high,
// as on a board whose COM port leads to the ROM bootloader: power cut and sacrifice too, and a hand that
// resets the chip and takes its power. Only in `npm run lab -- ways`: each chip takes minutes of a processor.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPassed, readSiliconReport } from '@firmseal/silicon';
import { startInBootloader } from '@firmseal/uart-bootloader/testing';
import { machineCode, serveUart, UartDoor } from '@firmseal/virtual-stm32';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../apps/cli/src/program.ts';
import { memoryShell } from '../../apps/cli/test/run-here.ts';
import { buildShipping } from '../../device/agent/build-shipping.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { askedChips } from './asked-chips.ts';

const asked = askedChips();
/** Minutes of a processor, and there may be little of one. */
const wholeMs = 3_600_000;
beforeAll(() => {
  if (asked.length > 0) buildShipping();
});

describe('the whole check on machine code', () => {
  skipTests(asked.length > 0 ? undefined : 'minutes of a processor: only in npm run lab -- ways');

  it.each(asked.length > 0 ? asked : ['one chip'])(
    '%s passes it, and ends at level 2',
    async (id) => {
      const chip = startInBootloader(id, { seed: `silicon way ${id}`, programs: [machineCode()] });
      const server = await serveUart(new UartDoor(chip), 0);
      const folder = mkdtempSync(join(tmpdir(), 'firmseal-silicon-way-'));
      const out = join(folder, 'report.json');
      const via = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { shell, out: printed, err } = memoryShell({});
      let [resets, cuts] = [0, 0];
      const count = (text: string) => printed.text.split(text).length - 1;
      const looking = setInterval(() => {
        if (count('Reset the chip now') > resets) {
          resets++;
          chip.reset();
        }
        if (count('Take the power off') > cuts) {
          cuts++;
          chip.powerOff();
          setTimeout(() => chip.powerOn(), 500);
        }
      }, 50);
      try {
        const words = ['silicon', 'check', '--chip', id, '--via', via, '--out', out, '--confirm-erase'];
        const whole = [...words, '--power-cut', '--sacrifice', '--confirm-permanent'];
        expect(await runCommandLine(whole, shell), printed.text + err.text).toBe(0);
        process.stdout.write(`${id}\n${printed.text}`);
        const report = readSiliconReport(readFileSync(out, 'utf8'), out);
        expect(hasPassed(report), printed.text).toBe(true);
        expect(report.checks.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name)).toEqual(
          chip.chip.hasRandomGenerator ? [] : ['generator'],
        );
        expect([cuts, chip.judge.readoutLevel]).toEqual([2, 2]);
      } finally {
        clearInterval(looking);
        server.close();
        rmSync(folder, { recursive: true });
      }
    },
    wholeMs,
  );
});
