import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createVirtualChip, serveProbe } from '@firmseal/virtual-stm32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualProbe } from './virtual-probe.ts';

const flash = 0x0800_0000;
const servers: Server[] = [];

/**
 * A chip behind a port of its own; what it is set to beforehand is done over its
 * debug port, as anybody could.
 */
async function serve(level: 0 | 1 | 2) {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: `probe/${level}` });
  chip.powerOn();
  if (level > 0) {
    chip.debug.connect();
    const options = new Map(chip.judge.optionsStored);
    options.set(0, ((options.get(0)! & ~0xff00) | (level === 2 ? 0xcc00 : 0x5500)) >>> 0);
    expect(chip.debug.writeOptionBytes(options)).toBe('ok');
    chip.powerOff();
    chip.powerOn();
  }
  const server = await serveProbe(chip, 0);
  servers.push(server);
  return {
    chip,
    server,
    probe: virtualProbe({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }),
  };
}

let open: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  open = await serve(0);
});
afterAll(() => {
  for (const server of servers) server.close();
});

describe('the probe of a virtual chip', () => {
  it('erases, programs and reads back more than one block', async () => {
    const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 7) & 0xff);
    await open.probe.connect();
    for (const address of [flash, flash + 0x4000, flash + 0x8000]) await open.probe.eraseUnit(address);
    await open.probe.program(flash, bytes);
    expect(await open.probe.readMemory(flash, bytes.length)).toEqual(bytes);
    await open.probe.release();
    expect(open.chip.judge.flash(flash, 4)).toEqual(bytes.slice(0, 4));
  });

  it('outlives a client that was killed', async () => {
    const { port } = open.server.address() as AddressInfo;
    const killed = connect({ host: '127.0.0.1', port });
    await once(killed, 'connect');
    killed.write('{"op":"connect"}\n');
    await once(killed, 'data');
    killed.resetAndDestroy();
    await once(killed, 'close');
    await open.probe.connect();
    expect(await open.probe.readMemory(flash, 4)).toHaveLength(4);
    await open.probe.release();
  });

  it('says so when its chip is gone', async () => {
    const { probe, server } = await serve(0);
    const [[socket]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, probe.connect()]);
    const reading = probe.readMemory(flash, 16);
    socket.resetAndDestroy();
    await expect(reading).rejects.toMatchObject({ code: 'probe-unreachable' });
  });

  it('is refused by a chip at level 2', async () => {
    const { probe } = await serve(2);
    await expect(probe.connect()).rejects.toMatchObject({ code: 'probe-refused' });
    await probe.release();
  });

  it('reads no flash of a chip at level 1', async () => {
    const { probe } = await serve(1);
    await probe.connect();
    await expect(probe.readMemory(flash, 16)).rejects.toMatchObject({ code: 'probe-failed' });
    await probe.release();
  });

  it('says when nobody answers', async () => {
    const probe = virtualProbe({ host: '127.0.0.1', port: 1 });
    await expect(probe.connect()).rejects.toMatchObject({ code: 'probe-unreachable' });
  });
});
