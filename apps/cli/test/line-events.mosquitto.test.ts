// A line that tells mosquitto and a web address what happens: results, states that are kept, alarms; and a
// web address that does not answer at first.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandLine } from '../src/program.ts';
import { LineSite } from './line-site.ts';
import { memoryShell, runHere } from './run-here.ts';

const site = new LineSite();
let port = 0;
let broker: ChildProcess;
let hook: Server;
const posted: Record<string, unknown>[] = [];
/** Posts that the web address does not take. */
let refusals = 0;

beforeAll(async () => {
  await site.begin();
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  ({ port } = free.address() as AddressInfo);
  free.close();
  await once(free, 'close');
  writeFileSync(site.at('mosquitto.conf'), `listener ${port} 127.0.0.1\nuser root\nallow_anonymous true\n`);
  broker = spawn('mosquitto', ['-c', site.at('mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  for await (const line of createInterface({ input: broker.stderr! })) if (/running/.test(line)) break;
  hook = createHttp(async (request, response) => {
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    if (refusals > 0) response.writeHead(503).end();
    else {
      posted.push(body);
      response.writeHead(204).end();
    }
    refusals--;
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
}, 120_000);

afterAll(async () => {
  hook.close();
  broker.kill();
  await once(broker, 'exit');
  await site.end();
});

it('results, states and counts reach the broker; results reach the web address', async () => {
  await site.openJob('events', 5);
  const { place } = await site.plugIn();
  const { port: hookPort } = hook.address() as AddressInfo;
  const words = ['-h', '127.0.0.1', '-p', String(port), '-t', 'factory/#', '-v'];
  const subscriber = spawn('mosquitto_sub', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const heard = new Map<string, Record<string, unknown>[]>();
  const ended = new Promise<void>((resolve) => {
    createInterface({ input: subscriber.stdout! }).on('line', (line) => {
      const at = line.indexOf(' ');
      const [topic, body] = [line.slice(0, at), JSON.parse(line.slice(at + 1)) as Record<string, unknown>];
      heard.set(topic, [...(heard.get(topic) ?? []), body]);
      if (topic.endsWith('online') && body['online'] === false && heard.size > 1) resolve();
    });
  });
  const file = site.writeLine('events', [place], {
    mqtt: { url: `mqtt://127.0.0.1:${port}`, topic: 'factory/line-1' },
    webhook: { url: `http://127.0.0.1:${hookPort}/events` },
    onPass: ['sh', '-c', 'exit 3'],
  });
  expect((await runHere(['line', 'run', file, '--cycles', '1'])).status).toBe(0);
  await ended;
  subscriber.kill();
  expect(heard.get('factory/line-1/sockets/A1/result')).toMatchObject([
    {
      line: 'events',
      cfx: 'CFX.Production.WorkCompleted',
      event: 'line-cycle',
      outcome: 'pass',
      exitCode: 0,
    },
  ]);
  expect(heard.get('factory/line-1/sockets/A1/state')!.map(({ state }) => state)).toContain('installing');
  expect(heard.get('factory/line-1/counts')!.at(-1)).toMatchObject({ passed: 1, failed: 0 });
  expect(heard.get('factory/line-1/alarms')).toMatchObject([
    { cfx: 'CFX.ResourcePerformance.FaultOccurred', fault: { code: 'line-hook-failed' } },
  ]);
  expect(posted.map(({ event }) => event).sort()).toEqual(['line-alarm', 'line-cycle']);
  // Nothing that crosses is secret.
  const token = readFileSync(site.at('events.token'), 'utf8').trim();
  expect(JSON.stringify([...heard, posted])).not.toContain(token);
}, 120_000);

it('a web address that does not take an event gets it again, and an alarm says so', async () => {
  const { place } = await site.plugIn();
  const { port: hookPort } = hook.address() as AddressInfo;
  const file = site.writeLine('events', [place], { webhook: { url: `http://127.0.0.1:${hookPort}/events` } });
  posted.length = 0;
  refusals = 1;
  const { shell, out } = memoryShell();
  const ended = runCommandLine(['line', 'run', file, '--json'], shell);
  while (!posted.some(({ event }) => event === 'line-cycle'))
    await new Promise((resolve) => setTimeout(resolve, 50));
  shell.stops.raise('SIGTERM');
  expect(await ended).toBe(0);
  expect(out.text).toContain('it answered with status 503');
  expect(posted.filter(({ event }) => event === 'line-cycle')).toHaveLength(1);
}, 120_000);

it('a broker that is not there is an alarm, and the line installs', async () => {
  const { place } = await site.plugIn();
  const file = site.writeLine('events', [place], { mqtt: { url: 'mqtt://127.0.0.1:9', topic: 'a' } });
  const { status, stdout } = await runHere(['line', 'run', file, '--cycles', '1']);
  expect([status, stdout]).toEqual([
    0,
    expect.stringContaining('ALARM FS1411 The line cannot reach mqtt://127.0.0.1:9'),
  ]);
}, 120_000);

it.each([
  ['mqtt://broker.example', 'is for this machine alone'],
  ['mqtts://user:word@broker.example', 'no user, query or fragment'],
  ['https://broker.example', 'begins with mqtts:'],
])('%s is no address of a broker', async (url, problem) => {
  const file = site.writeLine('events', ['tcp:127.0.0.1:9'], { mqtt: { url, topic: 'a' } });
  const { status, stderr } = await runHere(['line', 'run', file]);
  expect([status, stderr]).toEqual([3, expect.stringContaining(problem)]);
});
