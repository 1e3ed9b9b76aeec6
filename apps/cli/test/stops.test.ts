// A command that is asked to stop, as a process: one that has something to finish ends well, any other at
// once and says so. And one that was refused by a chip ends, with its link closed.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Desk, deskEnvironment, makeDesk } from './desk.ts';
import { runHere } from './run-here.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'firmseal-stops-'));
const at = (name: string) => join(folder, name);
/** Takes connections and never says a word. */
let silent: Server;
const connections: Socket[] = [];
let desk: Desk;

beforeAll(async () => {
  mkdirSync(at('desk'));
  desk = await makeDesk(at('desk'));
  silent = createServer((socket) => {
    connections.push(socket);
    socket.resume();
    socket.on('error', () => undefined);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => {
  silent.close();
  rmSync(folder, { recursive: true });
});

const silentPort = () => (silent.address() as AddressInfo).port;

function start(...words: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [main, ...words], { env: { ...process.env, ...deskEnvironment } });
  child.stdin.end();
  return child;
}

async function endOf(child: ChildProcessWithoutNullStreams) {
  const [stderr, stdout, [status]] = await Promise.all([
    text(child.stderr),
    text(child.stdout),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stderr, stdout };
}

it('SIGTERM: virtual chips are kept, and that is success', async () => {
  const child = start('virtual', '--chip', 'stm32g0b1', '--state', at('chips.state'), '--json');
  const ended = endOf(child);
  await once(child.stdout, 'data');
  while (!existsSync(at('chips.state'))) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 0, stderr: '' });
  expect(readFileSync(at('chips.state'), 'utf8')).toContain('stm32g0b1');
  expect(existsSync(at('chips.state.lock'))).toBe(false);
});

it('SIGTERM: a command that waits for the authority ends at once, and says by what', async () => {
  const before = connections.length;
  const access = ['--authority', `http://127.0.0.1:${silentPort()}`, '--token-file'];
  const child = start('job', 'list', ...access, desk.at('authority/owner.token'), '--json');
  const ended = endOf(child);
  while (connections.length === before) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  const { status, stderr, stdout } = await ended;
  expect(status).toBe(17);
  expect(stderr).toMatch(/^FS0980 command-stopped: The command was stopped by SIGTERM\.\n {2}What to do: /);
  expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 'command-stopped' });
});

it('personalization that fails closes its link', async () => {
  const before = connections.length;
  const { status, stderr } = await runHere(
    [
      ...['personalize', '--chip', 'stm32g0b1', '--product', 'panel', '--root-key', desk.at('root.key.pub')],
      ...['--device-ca', desk.at('ca.key'), '--level', '0', '--agent-build', 'webassembly'],
      ...['--via', 'written', '--socket', `tcp:127.0.0.1:${silentPort()}`],
    ],
    deskEnvironment,
  );
  expect([status, stderr]).toEqual([13, expect.stringContaining('link-timeout')]);
  const opened = connections.slice(before);
  expect(opened.length).toBeGreaterThan(1); // the look whether the line opens, and the agent's
  for (const socket of opened) if (!socket.readableEnded) await once(socket, 'end');
}, 60_000);
