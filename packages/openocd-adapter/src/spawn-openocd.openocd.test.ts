// OpenOCD itself, through ST's stlink-server protocol, on virtual chips; and what it says when something is
// missing. Probes in USB sockets are tried in the USB test machine (lab/usb-vm).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { findChip, withOptionField } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { Openocd } from '@firmseal/openocd';
import { connectTcp } from '@firmseal/tcp-adapter';
import {
  createVirtualChip,
  machineCode,
  probeTarget,
  StlinkCommands,
  serveStlink,
  type VirtualChip,
} from '@firmseal/virtual-stm32';
import { afterEach, describe, expect, test } from 'vitest';
import { probeCommands, type SpawnOpenocdOptions, spawnOpenocd, stlinkServerCommands } from './index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function blankChip(id: string): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: 'openocd adapter', executors: [machineCode()] });
  chip.powerOn();
  return chip;
}

async function serve(chip: VirtualChip): Promise<number> {
  const server = await serveStlink(new StlinkCommands(probeTarget(chip)));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

const start = (port: number, more: Partial<SpawnOpenocdOptions> = {}) =>
  spawnOpenocd({
    ...{ probe: stlinkServerCommands(port), chip: findChip('stm32f427'), clock: systemClock },
    connect: (tclPort) => connectTcp('127.0.0.1', tclPort),
    ...more,
  });

describe.each(['pipe', 'tcp'] as const)('over %s', (channel) => {
  test.each(['stm32f427', 'stm32u575'])('%s is held, read, written and let go', async (id) => {
    const chip = findChip(id);
    const spawned = await start(await serve(blankChip(id)), { channel, chip });
    const openocd = await Openocd.connect({ stream: spawned.stream, clock: systemClock });
    expect((await openocd.readWord(chip.identity.deviceIdRegister)) & 0xfff).toBe(chip.identity.deviceId);
    await openocd.resetHalt();
    const { addressStart } = chip.ram[0]!;
    await openocd.writeWord(addressStart, 0x12345678);
    expect(await openocd.readWord(addressStart)).toBe(0x12345678);
    await spawned.close();
    await expect(openocd.readWord(addressStart)).rejects.toMatchObject({ code: 'openocd-closed' });
  });

  test('a second one finds the probe free after the first was closed', async () => {
    const port = await serve(blankChip('stm32f427'));
    for (let i = 0; i < 2; i++) await (await start(port, { channel })).close();
  });
});

test.each(['stm32f427', 'stm32h743', 'stm32g0b1', 'stm32u575'])(
  '%s is read without being told of it',
  async (id) => {
    const port = await serve(blankChip(id));
    const connect = (tclPort: number) => connectTcp('127.0.0.1', tclPort);
    const spawned = await spawnOpenocd({ probe: stlinkServerCommands(port), clock: systemClock, connect });
    const openocd = await Openocd.connect({ stream: spawned.stream, clock: systemClock });
    const { deviceIdRegister, deviceId } = findChip(id).identity;
    expect((await openocd.readWord(deviceIdRegister)) & 0xfff).toBe(deviceId);
    await spawned.close();
  },
);

test('over a pipe it opens no port, and ends when the program that started it is killed', async () => {
  const port = await serve(blankChip('stm32f427'));
  const program = `
    import { findChip } from '@firmseal/chips';
    import { systemClock } from '@firmseal/link';
    import { spawnOpenocd, stlinkServerCommands } from '${new URL('index.ts', import.meta.url).href}';
    const probe = stlinkServerCommands(${port});
    const spawned = await spawnOpenocd({ probe, chip: findChip('stm32f427'), clock: systemClock, channel: 'pipe' });
    process.stdout.write(spawned.printed());
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    ...{ cwd: new URL('../', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const [printed] = (await once(parent.stdout!, 'data')) as [Buffer];
  expect(String(printed)).not.toMatch(/Listening on port/);
  // The stlink-server sees OpenOCD leave.
  const before = await connections(port);
  parent.kill('SIGKILL');
  for (const end = Date.now() + 20_000; (await connections(port)) >= before && Date.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect([before, await connections(port)]).toEqual([1, 0]);
});

/** How many clients the server of that port has. */
function connections(port: number): Promise<number> {
  const server = servers.find((one) => (one.address() as AddressInfo | null)?.port === port)!;
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

describe('what goes wrong', () => {
  test('a chip at level 2 cannot be reached', async () => {
    const chip = blankChip('stm32f427');
    chip.debug.connect();
    const { field, level2 } = chip.chip.readoutProtection;
    chip.debug.writeOptionBytes(
      withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value: level2 }),
    );
    chip.powerOff();
    chip.powerOn();
    await expect(start(await serve(chip))).rejects.toMatchObject({ code: 'openocd-no-target' });
  });

  test('a program that is not there is named', async () => {
    const missing = start(await serve(blankChip('stm32f427')), { program: 'openocd-of-nobody' });
    await expect(missing).rejects.toMatchObject({
      code: 'openocd-not-installed',
      fields: { program: 'openocd-of-nobody', reason: 'ENOENT' },
    });
  });

  test('0.12 has no file for STM32H5, and is told to be replaced', async () => {
    const port = await serve(blankChip('stm32f427'));
    await expect(start(port, { chip: findChip('stm32h563') })).rejects.toMatchObject({
      code: 'openocd-chip-unsupported',
      fields: { chip: 'stm32h563', target: 'stm32h5x.cfg' },
    });
  });

  const device = (vendorId: number, productId: number, productName: string | null = null) => ({
    ...{ socket: { bus: 250, ports: [7] }, vendorId, productId, productName, serialNumber: 'S1' },
  });
  test.each([
    ['ST-LINK', device(0x0483, 0x374b)],
    ['J-Link', device(0x1366, 0x0101)],
    ['CMSIS-DAP', device(0x2e8a, 0x000c, 'Debug Probe (CMSIS-DAP)')],
    ['FT232H', device(0x0403, 0x6014)],
  ])('an empty socket has no %s', async (name, probe) => {
    const missing = start(0, { probe: probeCommands(probe, [probe]) });
    await expect(missing).rejects.toMatchObject({
      code: 'openocd-probe-missing',
      fields: {
        probe: expect.stringContaining(name === 'CMSIS-DAP' ? 'Debug Probe' : name),
        socket: '250-7',
      },
    });
  });

  test('an stlink-server that accepts and says nothing costs the deadline, and leaves no process', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    servers.push(silent);
    const { port } = silent.address() as AddressInfo;
    await expect(start(port, { startTimeoutMs: 1500 })).rejects.toMatchObject({
      code: expect.stringMatching(/^openocd-(start-timeout|ended|probe-missing)$/),
    });
    for (const socket of sockets) socket.resume();
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
    expect(await connections(port)).toBe(0);
  });
});
