// npm's serialport on pseudo-terminals of this machine. A pseudo-terminal has no parity, no
// modem lines and no latency timer: those are tried in the USB test machine and with a stand-in
// library (serial-stream.test.ts).

import { systemClock } from '@firmseal/link';
import { byteStreamSuite } from '@firmseal/link/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openTerminal, type Terminal } from '../test/terminal.ts';
import { openSerial } from './index.ts';

const line = { baud: 115_200, parity: 'none' } as const;
const open = (path: string) => openSerial({ path, line, clock: systemClock });

describe('a serial port', () => {
  byteStreamSuite(async () => {
    const { path, far } = await openTerminal();
    return { near: await open(path), far };
  });
});

describe('what a serial port has beyond bytes', () => {
  const terminals: Terminal[] = [];
  const terminal = async (): Promise<Terminal> => {
    const one = await openTerminal();
    terminals.push(one);
    return one;
  };
  afterEach(async () => {
    for (const { far } of terminals.splice(0)) await far.close();
  });

  /** Resolves with the next bytes that the far end takes. */
  const next = ({ far }: Terminal): Promise<Uint8Array> =>
    new Promise((resolve) => far.listen({ data: resolve, closed: () => undefined }));

  test('the rate and the parity change, and bytes go with the new ones', async () => {
    const one = await terminal();
    const port = await open(one.path);
    for (const settings of [
      { baud: 921_600, parity: 'none' },
      { baud: 57_600, parity: 'even' },
      { baud: 9600, parity: 'none' },
    ] as const) {
      await port.setLine(settings);
      const arrived = next(one);
      await port.write(Uint8Array.of(0x7f));
      expect(await arrived).toEqual(Uint8Array.of(0x7f));
      expect(one.baud()).toBe(settings.baud);
    }
    await port.close();
  });

  test('bytes come in while the other side takes none, and a write goes on when it does', async () => {
    const one = await terminal();
    const port = await open(one.path);
    const heard: number[] = [];
    port.listen({ data: (bytes) => void heard.push(...bytes), closed: () => undefined });
    let taken = 0;
    const take = (bytes: Uint8Array): void => {
      taken += bytes.length;
    };
    one.far.listen({ data: take, closed: () => undefined });
    one.listen(false);
    // More than kernel, relay and pipe hold.
    const sizeBytes = 1 << 19;
    let isWritten = false;
    const written = port.write(new Uint8Array(sizeBytes)).then(() => {
      isWritten = true;
    });
    for (const byte of [1, 2, 3]) {
      await one.far.write(Uint8Array.of(byte));
      await vi.waitFor(() => expect(heard).toContain(byte), { timeout: 20_000 });
    }
    expect(isWritten).toBe(false);
    one.listen(true);
    await written;
    await vi.waitFor(() => expect(taken).toBe(sizeBytes), { timeout: 20_000 });
    await port.close();
  }, 60_000);

  test('the modem lines that a pseudo-terminal lacks are a fault, and the port goes on', async () => {
    const one = await terminal();
    const port = await open(one.path);
    await expect(port.setSignals({ dtr: true, rts: false })).rejects.toMatchObject({
      code: 'serial-signals-unsupported',
      fields: { port: one.path },
    });
    const arrived = next(one);
    await port.write(Uint8Array.of(1));
    expect(await arrived).toEqual(Uint8Array.of(1));
    await port.close();
  });

  test('a port that is open is refused to a second program, and free again after it was closed', async () => {
    const { path } = await terminal();
    const first = await open(path);
    // The superuser may open a locked port all the same: the system refuses it to everybody else.
    const second = await open(path).catch((error: { code?: string }) => error.code);
    if (typeof second !== 'string') await second?.close();
    else expect(second).toBe('serial-in-use');
    await first.close();
    await (await open(path)).close();
  });

  test('a port that does not exist is named', async () => {
    await expect(open('/dev/firmseal-no-such-port')).rejects.toMatchObject({
      code: 'serial-not-found',
      fields: { port: '/dev/firmseal-no-such-port' },
    });
  });

  test('an unplugged port says so, while another goes on', async () => {
    const [gone, sound] = [await terminal(), await terminal()];
    const [first, second] = [await open(gone.path), await open(sound.path)];
    const ended = new Promise<unknown>((resolve) => first.listen({ data: () => undefined, closed: resolve }));
    await gone.far.close();
    expect(await ended).toMatchObject({ code: 'serial-unplugged', fields: { port: gone.path } });
    await expect(first.setLine({ baud: 9600, parity: 'none' })).rejects.toMatchObject({
      code: 'link-closed',
    });
    const arrived = next(sound);
    await second.write(Uint8Array.of(5));
    expect(await arrived).toEqual(Uint8Array.of(5));
    await second.close();
  });
});
