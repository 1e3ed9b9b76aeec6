// Runs in the guest: the serial adapter on a kernel's /dev/ttyACM0, which has what a
// pseudo-terminal lacks: parity, modem lines, and a cable that can be pulled. Argument: the name
// under which the port's device was attached.

import assert from 'node:assert/strict';
import { type LineSettings, type SerialLine, systemClock } from '@firmseal/link';
import { openSerial } from '@firmseal/serial-adapter';
import type { SeenLine } from '../serial-device.ts';
import { detach, runCase } from './detach.ts';

/** The port, for one case; closed after it whatever came of it. */
async function withPort(
  line: LineSettings,
  run: (port: Required<Omit<SerialLine, 'recordsAhead'>>) => Promise<void>,
  path = '/dev/ttyACM0',
): Promise<void> {
  const port = await openSerial({ path, line, clock: systemClock });
  await run(port).finally(() => port.close());
}

/** What comes after the bytes were sent, until it ends in a line end. */
async function ask(port: SerialLine, bytes: Uint8Array): Promise<string> {
  let text = '';
  const line = new Promise<string>((resolve) =>
    port.listen({
      data: (taken) => {
        text += new TextDecoder().decode(taken);
        if (text.endsWith('\n')) resolve(text);
      },
      closed: () => resolve(text),
    }),
  );
  await port.write(bytes);
  return line;
}
const seen = async (port: SerialLine): Promise<SeenLine> => JSON.parse(await ask(port, Uint8Array.of(0x3f)));

await runCase('rate and parity reach the device', () =>
  withPort({ baud: 57_600, parity: 'even' }, async (port) => {
    assert.deepEqual(await seen(port), { baud: 57_600, parity: 'even', dtr: true, rts: true });
    await port.setLine({ baud: 921_600, parity: 'even' });
    assert.deepEqual(await seen(port), { baud: 921_600, parity: 'even', dtr: true, rts: true });
    await port.setLine({ baud: 115_200, parity: 'none' });
    assert.deepEqual(await seen(port), { baud: 115_200, parity: 'none', dtr: true, rts: true });
  }),
);

await runCase('each modem line is set alone', () =>
  withPort({ baud: 115_200, parity: 'none' }, async (port) => {
    await port.setSignals({ dtr: false });
    assert.deepEqual(await seen(port), { baud: 115_200, parity: 'none', dtr: false, rts: true });
    await port.setSignals({ rts: false });
    assert.deepEqual(await seen(port), { baud: 115_200, parity: 'none', dtr: false, rts: false });
  }),
);

await runCase('8 KiB come back as they went', () =>
  withPort({ baud: 921_600, parity: 'none' }, async (port) => {
    const bytes = Uint8Array.from({ length: 8192 }, (_, i) => 0x41 + (i % 26));
    bytes[8191] = 0x0a;
    assert.equal(await ask(port, bytes), new TextDecoder().decode(bytes));
  }),
);

await runCase('a port that announces no break lacks modem lines too, says so, and goes on', () =>
  withPort(
    { baud: 115_200, parity: 'none' },
    async (port) => {
      await assert.rejects(port.setSignals({ dtr: false }), { code: 'serial-signals-unsupported' });
      assert.deepEqual(await seen(port), { baud: 115_200, parity: 'none', dtr: true, rts: true });
    },
    '/dev/ttyACM1',
  ),
);

await runCase(
  'a port that is pulled out while it is quiet says so, and costs no time after that',
  async () => {
    const line = { baud: 115_200, parity: 'none' } as const;
    await withPort(line, async (port) => {
      const ended = new Promise<unknown>((resolve) =>
        port.listen({ data: () => undefined, closed: resolve }),
      );
      detach(process.argv[2]!);
      const late = new Promise((resolve) =>
        setTimeout(() => resolve('not told within 20 s'), 20_000).unref(),
      );
      assert.equal(((await Promise.race([ended, late])) as { code?: string }).code, 'serial-unplugged');
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 1_000_000, `${user + system} us of work in 2 s of waiting`);
      await assert.rejects(port.write(Uint8Array.of(1)), { code: 'link-closed' });
    });
    await assert.rejects(
      withPort(line, async () => undefined),
      { code: 'serial-not-found' },
    );
  },
);
process.exit(0);
