// The publisher on mosquitto of Debian: plain, by password and by client certificates; retained states, a
// broker that goes away and comes back, one that refuses, and one that is no broker.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeTlsIssuer } from '@firmseal/authority/testing';
import { utf8 } from '@firmseal/bytes';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type MqttOptions, MqttPublisher } from './index.ts';

let folder = '';
let port = 0;
const children: ChildProcess[] = [];
const publishers: MqttPublisher[] = [];
const reasons: (string | undefined)[] = [];

/** That the system had free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function broker(...lines: readonly string[]): Promise<ChildProcess> {
  const config = join(folder, 'mosquitto.conf');
  const access = lines.length === 0 ? ['allow_anonymous true'] : lines;
  // As root it would become the user mosquitto, who cannot read the files of this test.
  writeFileSync(config, [`listener ${port} 127.0.0.1`, 'user root', ...access, ''].join('\n'));
  const child = spawn('mosquitto', ['-c', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stderr! })) if (/running/.test(line)) break;
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

/** So many messages as `topic payload`, from whoever subscribes now. */
async function heard(count: number, topic = '#', more: readonly string[] = []): Promise<string[]> {
  const words = ['-h', '127.0.0.1', '-p', String(port), '-t', topic, '-v', '-C', String(count), ...more];
  const child = spawn('mosquitto_sub', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) lines.push(line);
  return lines;
}

function publisher(change: Partial<MqttOptions> = {}): MqttPublisher {
  const made = new MqttPublisher({
    ...{ host: '127.0.0.1', port, clientId: 'line-1', pauseMs: 50 },
    onFault: (reason) => reasons.push(reason),
    ...change,
  });
  publishers.push(made);
  return made;
}

const message = (topic: string, payload: string, retain = true) => ({
  topic,
  payload: utf8(payload),
  retain,
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firmseal-mqtt-'));
  port = await freePort();
  reasons.length = 0;
});
afterEach(async () => {
  for (const one of publishers.splice(0)) await one.close(0);
  for (const child of children.splice(0)) await end(child);
  rmSync(folder, { recursive: true });
});

it('publishes in order, and a state is there for who comes later', async () => {
  await broker();
  const one = publisher();
  const listening = heard(100, 'line/#');
  // The subscriber is there when its first message is: states are kept for it.
  for (let i = 0; i < 100; i++) one.publish(message(`line/${i}`, String(i)));
  await one.close();
  expect((await listening).sort()).toEqual(Array.from({ length: 100 }, (_, i) => `line/${i} ${i}`).sort());
  expect(await heard(1, 'line/42')).toEqual(['line/42 42']);
  expect(reasons).toEqual([]);
});

it('keeps messages while the broker is away, and says so once', async () => {
  const one = publisher({ mostWaiting: 3 });
  for (let i = 0; i < 5; i++) one.publish(message(`line/${i}`, String(i)));
  while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(reasons).toEqual(['ECONNREFUSED']);
  expect(one.dropped).toBe(2);
  const child = await broker();
  expect((await heard(3)).sort()).toEqual(['line/2 2', 'line/3 3', 'line/4 4']);
  expect(reasons).toEqual(['ECONNREFUSED', undefined]);
  await end(child);
  one.publish(message('line/5', '5'));
  await broker();
  expect(await heard(1, 'line/5')).toEqual(['line/5 5']);
});

it('user and password; a wrong one is named', async () => {
  const passwords = join(folder, 'passwords');
  spawnSync('mosquitto_passwd', ['-c', '-b', passwords, 'line', 'right']);
  await broker('allow_anonymous false', `password_file ${passwords}`);
  const right = publisher({ user: 'line', password: utf8('right') });
  right.publish(message('line/a', 'a'));
  await right.close();
  expect(reasons).toEqual([]);
  publisher({ clientId: 'line-2', user: 'line', password: utf8('wrong') });
  while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(reasons[0]).toMatch(/it (refuses user and password|does not allow this client)/);
});

/**
 * Files of a broker over TLS that takes who has a certificate, and lets names of them do what the list says.
 */
async function certificates(
  access: string,
): Promise<{ lines: string[]; own: (name: string) => Promise<Own> }> {
  const issuer = await makeTlsIssuer();
  const at = (name: string) => join(folder, name);
  const write = async (name: string) => {
    const { cert, key } = await issuer.issue(name);
    writeFileSync(at(`${name}.pem`), cert);
    writeFileSync(at(`${name}.key`), key);
    return { ca: utf8(issuer.certificate), certificate: utf8(cert), key: utf8(key) };
  };
  writeFileSync(at('ca.pem'), issuer.certificate);
  writeFileSync(at('access'), access, { mode: 0o600 });
  await write('broker');
  const files = [`cafile ${at('ca.pem')}`, `certfile ${at('broker.pem')}`, `keyfile ${at('broker.key')}`];
  const names = ['require_certificate true', 'use_identity_as_username true', `acl_file ${at('access')}`];
  return { lines: [...files, ...names], own: write };
}
type Own = NonNullable<Required<MqttOptions>['tls']>;

it('client certificates: the name in one decides, and nobody comes without one', async () => {
  const { lines, own } = await certificates('user line-1\ntopic write line/#\nuser reader\ntopic read #\n');
  await broker(...lines);
  const [line, other] = [await own('line-1'), await own('line-2')];
  await own('reader');
  const one = publisher({ tls: line });
  one.publish(message('line/a', 'from line-1'));
  await one.close();
  // Taken by the broker, and dropped there: this name may write nothing.
  const stranger = publisher({ clientId: 'line-2', tls: other });
  stranger.publish(message('line/a', 'from line-2'));
  await stranger.close();
  expect(reasons).toEqual([]);
  const at = (name: string) => join(folder, name);
  const reader = ['--cafile', at('ca.pem'), '--cert', at('reader.pem'), '--key', at('reader.key')];
  expect(await heard(1, 'line/a', reader)).toEqual(['line/a from line-1']);
  const { ca } = line;
  publisher({ clientId: 'line-3', tls: { ca: ca! } });
  while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  // TLS 1.3 tells the client after its own handshake.
  expect(reasons[0]).toMatch(/ERR_SSL|ECONNRESET|the connection ended/);
});

it('a broker with a certificate of another CA is refused', async () => {
  const { lines, own } = await certificates('user line-1\ntopic write line/#\n');
  await broker(...lines);
  const line = await own('line-1');
  const { certificate: ca } = await makeTlsIssuer();
  publisher({ tls: { ...line, ca: utf8(ca) } });
  while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(reasons[0]).toMatch(/CERT|SIGNATURE/);
});

it('the broker tells that a line is gone', async () => {
  await broker();
  const will = message('line/online', 'false');
  const one = publisher({ will });
  one.publish(message('line/online', 'true'));
  while ((await heard(1, 'line/online'))[0] !== 'line/online true');
  one.abort();
  while ((await heard(1, 'line/online'))[0] !== 'line/online false')
    await new Promise((resolve) => setTimeout(resolve, 20));
});

it('a server that is no broker is given up', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  publisher();
  while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(reasons).toEqual(['it does not speak MQTT 3.1.1']);
  server.close();
});
