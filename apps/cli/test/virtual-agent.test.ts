// The agent on the chip's UART: personalized over a TCP UART, kept in a file, met again on a pseudo-terminal
// in another process; and on a USB/IP and ST-LINK chip the doors are there beside it.

import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadStream, WriteStream } from 'node:tty';
import { AgentClient } from '@firmseal/agent-client';
import { toHex } from '@firmseal/bytes';
import { type ByteStream, type ByteStreamListener, systemClock } from '@firmseal/link';
import { afterAll, afterEach, expect, test } from 'vitest';
import { lackingTool, skipTests } from '../../../tools/test-report/skip-tests.ts';
import { runHere } from './run-here.ts';
import { VirtualProcess } from './run-virtual.ts';

const folder = mkdtempSync(join(tmpdir(), 'firmseal-virtual-agent-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);
const environment = { FIRMSEAL_PASSPHRASE: 'of this test only' };

let virtual: VirtualProcess | undefined;
afterEach(async () => void (await virtual?.stop()));

async function succeed(...words: string[]): Promise<void> {
  const { status, stderr } = await runHere(words, environment);
  expect([status, stderr]).toEqual([0, expect.any(String)]);
}

/** A pseudo-terminal as the stream of a link. */
function openTerminal(path: string): ByteStream {
  const descriptor = openSync(path, 'r+');
  const input = new ReadStream(descriptor);
  const output = new WriteStream(openSync(path, 'r+'));
  let listener: ByteStreamListener | undefined;
  return {
    write: (bytes) => new Promise((resolve) => output.write(bytes, () => resolve())),
    listen(given) {
      listener = given;
      input.on('data', (bytes: Buffer) => given.data(new Uint8Array(bytes)));
    },
    async close() {
      input.destroy();
      output.destroy();
      listener?.closed();
    },
  };
}

skipTests(lackingTool(['python3']));

test('answers on UART doors as on its link, in one process and the next', async () => {
  await succeed('keys', 'new', '--role', 'root', '--out', file('root.key'));
  await succeed('keys', 'new', '--role', 'device-ca', '--out', file('ca.key'));
  const words = ['--chip', 'stm32f427', '--state', file('chips.state')];
  virtual = await VirtualProcess.start(...words, '--uart', 'tcp');
  const { probe, uart, uniqueId } = virtual.chips[0]!;
  await succeed(
    ...['personalize', '--chip', 'stm32f427', '--product', 'panel', '--level', '1'],
    ...['--root-key', file('root.key.pub'), '--device-ca', file('ca.key')],
    ...['--via', probe, '--socket', `tcp:127.0.0.1:${uart}`],
  );
  expect(await virtual.state(1)).toMatchObject({ runs: 'agent', readoutLevel: 1 });
  expect(await virtual.stop()).toBe(0);

  virtual = await VirtualProcess.start(...words, '--uart', 'pty', '--usb', '--debug', 'stlink');
  const again = virtual.chips[0]!;
  expect(again).toMatchObject({ uniqueId, usb: { busId: '1-1' }, stlinkPort: expect.any(Number) });
  const stream = openTerminal(String(again.uart));
  try {
    const agent = await AgentClient.connect({ stream, clock: systemClock });
    const info = await agent.readInfo();
    expect(info).toMatchObject({ chipId: 'stm32f427', lifeCycle: 'personalized', readoutLevel: 1 });
    expect(toHex(info.uniqueId)).toBe(uniqueId);
  } finally {
    await stream.close();
  }
});
