// Webhooks against a receiver over HTTP that checks signatures as the Standard Webhooks specification says,
// with Node's own HMAC. The clock is the test's: it moves on, and nothing waits.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBase64url } from '@firmseal/bytes';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type SenderOptions, WebhookSender } from '../src/index.ts';
import { TestAuthority } from './running-authority.ts';

interface Received {
  readonly id: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON as it came
  readonly body: any;
}

class Receiver {
  readonly received: Received[] = [];
  answer: (response: ServerResponse) => void = (response) => response.writeHead(204).end();
  #server!: Server;

  async start(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const part of request) text += part;
      const { headers } = request;
      this.received.push({ id: String(headers['webhook-id']), headers, text, body: JSON.parse(text) });
      this.answer(response);
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let authority: TestAuthority;
let receiver: Receiver;
let sender: WebhookSender | undefined;
beforeEach(async () => {
  authority = await TestAuthority.start();
  receiver = new Receiver();
  await receiver.start();
});
afterEach(async () => {
  await sender?.stop();
  sender = undefined;
  await receiver.stop();
  await authority.remove();
});

async function send(more: Partial<SenderOptions> = {}): Promise<void> {
  await sender?.stop();
  sender = new WebhookSender({ authority: await authority.local(), pollMs: 5, random: () => 1, ...more });
  sender.start();
}
const add = async (events: readonly string[], url = receiver.url) =>
  (await authority.asOwner('POST', '/v1/webhooks', { url, events })).body;
const list = async () => (await authority.asOwner('GET', '/v1/webhooks')).body.webhooks;
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 5 });
const stop = (name: string) =>
  authority.asOwner('POST', '/v1/stops', { kind: 'product', name, reason: 'a drill' });

function isSigned({ id, headers, text }: Received, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = createHmac('sha256', key).update(`${id}.${headers['webhook-timestamp']}.${text}`).digest();
  const [version, signature = ''] = String(headers['webhook-signature']).split(',');
  return version === 'v1' && timingSafeEqual(Buffer.from(signature, 'base64'), signed);
}

it('tells what happened, signed, in order, and no more than that', async () => {
  await authority.openJob();
  const { secret, webhookId } = await add(['job.opened', 'job.few-units', 'receipt.stored', 'stop.set']);
  await send();
  const opened = await authority.openJob({ quota: 2, more: { fewUnits: 1 } });
  const chip = await authority.chip();
  await authority.install(opened, chip);
  await authority.closeJob(opened.job);
  const device = { kind: 'device', name: '5a'.repeat(32), reason: 'stolen' };
  await authority.asOwner('POST', '/v1/stops', device);
  await stop('valve');
  await until(() => expect(receiver.received).toHaveLength(5));
  const { job } = opened;
  expect(receiver.received.map(({ body }) => [body.type, body.data])).toEqual([
    ['job.opened', { job, product: 'pump', quota: 2, mode: 'session' }],
    ['job.few-units', { job, remaining: 1, quota: 2 }],
    ['receipt.stored', { job, outcome: 'PASS', fresh: true }],
    ['stop.set', { what: 'device' }],
    ['stop.set', { what: 'product', name: 'valve' }],
  ]);
  for (const one of receiver.received) {
    expect(isSigned(one, secret)).toBe(true);
    expect(isSigned({ ...one, text: `${one.text} ` }, secret)).toBe(false);
    expect(one.text).not.toContain('5a5a5a');
    expect(one.headers['webhook-timestamp']).toBe(String(Math.floor(authority.nowMs / 1000)));
  }
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(5);
  await until(async () =>
    expect(await list()).toMatchObject([
      { webhookId, delivered: 5, givenUp: 0, attempts: 0, last: { result: 'delivered' } },
    ]),
  );
  expect((await authority.audit()).findings).toEqual([]);
});

it('tries again with longer pauses, under the same id, and loses nothing in a restart', async () => {
  await add(['stop.set']);
  receiver.answer = (response) => response.writeHead(503).end('busy');
  await send();
  await stop('one');
  await stop('two');
  await until(async () => expect((await list())[0]).toMatchObject({ attempts: 1 }));
  const [first] = await list();
  expect(first.last.result).toBe('status 503');
  expect(first.dueAtMs).toBe(authority.nowMs + 5000);
  authority.nowMs += 5000;
  await until(async () => expect((await list())[0]).toMatchObject({ attempts: 2 }));
  expect((await list())[0].dueAtMs).toBe(authority.nowMs + 15_000);
  expect(receiver.received).toHaveLength(2);

  await sender!.stop();
  await authority.halt();
  await authority.run();
  receiver.answer = (response) => response.writeHead(200).end();
  authority.nowMs += 15_000;
  await send();
  await until(() => expect(receiver.received).toHaveLength(4));
  const { received } = receiver;
  expect(received.map(({ body }) => body.data.name)).toEqual(['one', 'one', 'one', 'two']);
  expect(new Set(received.map(({ id }) => id)).size).toBe(2);
  await until(async () => expect((await list())[0]).toMatchObject({ delivered: 2, attempts: 0 }));
});

it('gives an event up after a day, says so, and goes on with the next', async () => {
  await add(['stop.set']);
  receiver.answer = (response) => response.writeHead(500).end();
  await send();
  await stop('one');
  await until(() => expect(receiver.received).toHaveLength(1));
  authority.nowMs += 86_400_000;
  await until(async () => expect((await list())[0]).toMatchObject({ givenUp: 1, delivered: 0 }));
  receiver.answer = (response) => response.writeHead(200).end();
  await stop('two');
  await until(async () => expect((await list())[0]).toMatchObject({ givenUp: 1, delivered: 1 }));
});

it('follows no redirect, waits for no answer without end, and holds up no license', async () => {
  const elsewhere = new Receiver();
  await elsewhere.start();
  await add(['stop.set']);
  receiver.answer = (response) => response.writeHead(307, { Location: elsewhere.url }).end();
  await send({ timeoutMs: 50 });
  await stop('one');
  await until(async () => expect((await list())[0]?.last?.result).toBe('redirect refused, status 307'));
  expect(elsewhere.received).toEqual([]);
  await elsewhere.stop();
  receiver.answer = () => undefined; // never
  authority.nowMs += 5000;
  await until(async () => expect((await list())[0]?.last?.result).toBe('no answer in time'));
  const opened = await authority.openJob();
  expect((await authority.license(opened, await authority.chip())).status).toBe(200);
});

it('of two processes on one store one calls', async () => {
  await add(['stop.set']);
  await send();
  const other = new WebhookSender({ authority: await authority.local(), pollMs: 5 });
  other.start();
  for (const name of ['a', 'b', 'c', 'd']) await stop(name);
  await until(async () => expect((await list())[0]).toMatchObject({ delivered: 4 }));
  await other.stop();
  expect(receiver.received.map(({ body }) => body.data.name)).toEqual(['a', 'b', 'c', 'd']);
});

it('takes https, http for this machine, 100 at most, and keeps the secret to itself', async () => {
  const refused = async (url: string) => (await add(['stop.set'], url)).code;
  for (const url of ['http://hooks.example/', 'ftp://127.0.0.1/', 'https://a:b@hooks.example/', 'nothing'])
    expect(await refused(url)).toBe('webhook-url-refused');
  expect(await refused('http://127.0.0.1.hooks.example/')).toBe('webhook-url-refused');
  const { secret, webhookId } = await add(['stop.set'], 'https://hooks.example/?key=1');
  const key = { key: 'k'.repeat(32), token: authority.ownerToken };
  const body = { url: 'http://localhost:1/', events: ['job.opened', 'job.opened'] };
  const first = await authority.call('POST', '/v1/webhooks', { ...key, body });
  const again = await authority.call('POST', '/v1/webhooks', { ...key, body });
  expect(again.body).toEqual(first.body);
  const webhooks = await list();
  expect(webhooks).toMatchObject([{ webhookId }, { events: ['job.opened'] }]);
  expect(JSON.stringify(webhooks)).not.toContain(secret);
  for (let i = 2; i < 100; i++) await add(['stop.set'], `https://hooks.example/${i}`);
  expect((await add(['stop.set'])).code).toBe('webhooks-too-many');
  const remove = () => authority.asOwner('POST', `/v1/webhooks/${webhookId}/remove`);
  expect((await remove()).body).toEqual({ removed: true });
  expect((await remove()).body.code).toBe('webhook-unknown');
  const log = await authority.evidence();
  const entries = log.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'log');
  for (const { entry } of entries)
    expect(Buffer.from(fromBase64url(entry)!).includes('hooks.example')).toBe(false);
});
