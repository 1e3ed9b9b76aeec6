// The whole way on a bench: stm32flash programs the example application over the UART bootloader and starts
// it, and the application's own instructions greet on the same line.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineCode } from '@firmseal/virtual-stm32';
import { buildPanel } from '@firmseal/virtual-stm32/testing';
import { expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { flashStart, openUart, romBench } from './rom-bench.ts';
import { runClient } from './run-client.ts';

const usable = hasTool('stm32flash', 'in-ci', ['-h']) && hasTool('python3') && hasTool('arm-none-eabi-gcc');

test.runIf(usable)('stm32flash programs and starts the example panel', async () => {
  const segments = buildPanel('panel.elf');
  const end = Math.max(...segments.map(({ address, bytes }) => address + bytes.length));
  const image = new Uint8Array(end - flashStart).fill(0xff);
  for (const { address, bytes } of segments) image.set(bytes, address - flashStart);
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-panel-'));
  const file = join(folder, 'panel.bin');
  writeFileSync(file, image);

  const bench = romBench('stm32f427', { programs: [machineCode()] });
  const uart = await openUart(bench);
  let said = '';
  const toDoor = bench.chip.onLink;
  bench.chip.onLink = (bytes) => {
    if (bench.chip.bootedApplication !== undefined) said += Buffer.from(bytes).toString('latin1');
    toDoor(bytes);
  };
  const args = ['-m', '8n1', '-b', '115200', '-w', file, '-v', '-g', String(flashStart), uart.path];
  const { status, printed } = await runClient('stm32flash', args);
  await uart.close();
  rmSync(folder, { recursive: true });
  expect(printed).toContain('Starting execution at address 0x08000000... done.');
  expect(status).toBe(0);
  expect(bench.chip.judge.flash(flashStart, image.length)).toEqual(image);
  expect(said).toMatch(/^firmseal example panel 1\.0\.0, build [0-9a-f]{8}\r\n/);
  expect(said).toMatch(/self-test passed\r\n/);
  expect(said).toMatch(/ready\r\n$/);
});
