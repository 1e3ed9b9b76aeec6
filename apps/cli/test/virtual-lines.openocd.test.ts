// The OpenOCD line that `firmseal virtual --debug stlink` prints, run as it stands. F4 is left out for its
// time: without a loader OpenOCD writes a whole sector, padded, half-word by half-word, which takes a minute.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { lineFor, runLine } from './printed-line.ts';
import { VirtualProcess } from './run-virtual.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-virtual-'));
writeFileSync(
  join(folder, 'image.bin'),
  Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) >>> 3),
);
afterAll(() => rmSync(folder, { recursive: true }));

let virtual: VirtualProcess | undefined;
afterEach(async () => void (await virtual?.stop()));

test.each(['stm32h743', 'stm32g0b1', 'stm32l476', 'stm32u575'])(
  'the printed line programs and verifies a %s',
  async (chip) => {
    virtual = await VirtualProcess.start('--chip', chip, '--debug', 'stlink');
    const { failed, printed } = await runLine(lineFor(virtual, 'openocd'), folder);
    expect([failed, printed]).toEqual([false, expect.stringContaining('** Verified OK **')]);
    const { map } = await virtual.state(1);
    expect(map).toEqual([expect.stringMatching(/^#\.+$/), expect.stringMatching(/^\.+$/)]);
  },
);
