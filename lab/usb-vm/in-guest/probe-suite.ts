// Runs in the guest: the OpenOCD adapter on debug probes in USB sockets. Two ST-LINKs of one kind are told
// apart by their socket alone, CMSIS-DAP by its serial number.

import assert from 'node:assert/strict';
import { findChip } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { Openocd } from '@firmseal/openocd';
import { probeCommands, spawnOpenocd } from '@firmseal/openocd-adapter';
import { connectTcp } from '@firmseal/tcp-adapter';
import { listUsb } from '@firmseal/usb-adapter';
import { runCase } from './detach.ts';

const devices = await listUsb();
/** Arguments: the chip behind the probe in port 1, port 2, ... */
for (const [index, id] of process.argv.slice(2).entries())
  await runCase(`${id} in port ${index + 1}`, async () => {
    const device = devices.find(({ socket: { ports } }) => ports.length === 1 && ports[0] === index + 1)!;
    const chip = findChip(id);
    const spawned = await spawnOpenocd({
      ...{ probe: probeCommands(device, devices), chip, clock: systemClock, startTimeoutMs: 50_000 },
      connect: (port) => connectTcp('127.0.0.1', port),
    });
    const openocd = await Openocd.connect({ stream: spawned.stream, clock: systemClock });
    const found = (await openocd.readWord(chip.identity.deviceIdRegister)) & 0xfff;
    await spawned.close();
    assert.equal(found, chip.identity.deviceId);
  });
process.exit(0);
