// The dfu-util line that `firmseal virtual --usb` prints for machines without a
// kernel module, run as it stands.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { buildDfuShim } from '../../../lab/dfu-shim/build.ts';
import { runLine } from './printed-line.ts';
import { VirtualProcess } from './run-virtual.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-virtual-'));
writeFileSync(
  join(folder, 'image.bin'),
  Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) >>> 3),
);
afterAll(() => rmSync(folder, { recursive: true }));

let virtual: VirtualProcess | undefined;
afterEach(async () => void (await virtual?.stop()));

test('the printed line with the shim programs an stm32l476', async () => {
  buildDfuShim(folder);
  virtual = await VirtualProcess.start('--chip', 'stm32l476', '--usb', '--boot0', 'high');
  const line = virtual.chips[0]!.connect.find(({ command }) => command.includes('LD_PRELOAD'))!.command;
  const { printed } = await runLine(line, folder);
  expect(printed).toContain('File downloaded successfully');
  const { map } = await virtual.state(1);
  expect(map).toEqual([expect.stringMatching(/^###\.+$/), expect.stringMatching(/^\.+$/)]);
});
