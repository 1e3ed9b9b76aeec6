// The UART over TCP: bytes both ways, one client at a time.

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { romBootloader } from '../bootloaders/rom-bootloader.ts';
import { createVirtualChip } from '../chip/factory.ts';
import { serveUart, UartDoor } from './uart-door.ts';

test('the last client that came has the line', async () => {
  const chip = createVirtualChip({ chip: 'stm32f427', seed: 'uart', executors: [romBootloader()] });
  chip.setPin('boot0', true);
  chip.powerOn();
  const door = new UartDoor(chip);
  const server = await serveUart(door, 0);
  const { port } = server.address() as { port: number };
  const first = connect(port, '127.0.0.1');
  first.write(Uint8Array.of(0x7f));
  expect([...((await once(first, 'data'))[0] as Buffer)]).toEqual([0x79]);
  const second = connect(port, '127.0.0.1');
  await once(first, 'close');
  second.write(Uint8Array.of(0x02, 0xfd));
  const [answer] = (await once(second, 'data')) as [Buffer];
  expect([...answer]).toEqual([0x79, 1, 0x04, 0x19, 0x79]);
  second.destroy();
  door.close();
  await new Promise((resolve) => server.close(resolve));
});
