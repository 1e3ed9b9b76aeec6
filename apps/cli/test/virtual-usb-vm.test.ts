// The lines that `firmseal virtual --usb --debug cmsis-dap` prints, run as they stand in a machine with USB:
// dfu-util on the chip's own connector, OpenOCD on its probe. Only the attaching is the machine's: it has no
// sudo, and its own way to the server.

import { expect, test } from 'vitest';
import { guest, onlyInWhole } from '../../../lab/usb-vm/guest-of-tests.ts';
import { runInGuest } from '../../../lab/usb-vm/run-in-guest.ts';
import { skipTests } from '../../../tools/test-report/skip-tests.ts';
import { VirtualProcess } from './run-virtual.ts';

const image = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) >>> 3);

skipTests(onlyInWhole);

test('the printed lines program a chip by USB and by its probe', async () => {
  const virtual = await VirtualProcess.start(
    ...['--chip', 'stm32g0b1', '--count', '2', '--usb', '--debug', 'cmsis-dap'],
  );
  try {
    const [first, second] = virtual.chips;
    const lineOf = (chip: typeof first, client: string): string =>
      chip!.connect.find((one) => one.client === client)!.command;
    const { output, exitCode } = await runInGuest({
      guest: guest!,
      devices: {
        serverPort: first!.usb!.port,
        busIds: [first!.usb!.busId, first!.probeUsb!.busId, second!.probeUsb!.busId],
      },
      files: { 'image.bin': image },
      script: [
        'lsusb',
        `${lineOf(first, 'dfu-util')} && ${lineOf(second, 'openocd')} && echo both done`,
        'exit $?',
      ].join('\n'),
      timeoutMs: 300_000,
    });
    expect(output).toContain('ID 0483:df11');
    expect(output.match(/ID 1209:0002/g)).toHaveLength(2);
    expect(output).toContain('File downloaded successfully');
    expect(output).toContain('** Verified OK **');
    expect([exitCode, output]).toEqual([0, expect.stringContaining('both done')]);
    for (const number of [1, 2])
      expect((await virtual.state(number))['map']).toEqual([
        expect.stringMatching(/^###\.+$/),
        expect.stringMatching(/^\.+$/),
      ]);
  } finally {
    await virtual.stop();
  }
}, 600_000);
