// README.md's example, with ST's stlink-server in place of a USB socket.

import type { AddressInfo } from 'node:net';
import { findChip } from '@firmseal/chips';
import { systemClock } from '@firmseal/link';
import { Openocd } from '@firmseal/openocd';
import { connectTcp } from '@firmseal/tcp-adapter';
import {
  createVirtualChip,
  machineCode,
  probeTarget,
  StlinkCommands,
  serveStlink,
} from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { spawnOpenocd, stlinkServerCommands } from './index.ts';

test('the example', async () => {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'readme', executors: [machineCode()] });
  chip.powerOn();
  const server = await serveStlink(new StlinkCommands(probeTarget(chip)));
  const probe = stlinkServerCommands((server.address() as AddressInfo).port);
  const connect = (port: number) => connectTcp('127.0.0.1', port);
  const spawned = await spawnOpenocd({ probe, chip: findChip('stm32f427'), clock: systemClock, connect });
  const openocd = await Openocd.connect({ stream: spawned.stream, clock: systemClock });
  expect(openocd.version).toContain('0.12');
  await spawned.close();
  server.close();
});
