import { createServer } from 'node:http';
import { Secret, toBase64url, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { describe, expect, test } from 'vitest';
import { AuthorityClient } from './index.ts';

type Reply =
  | { status?: number; body?: unknown; raw?: string | Uint8Array<ArrayBuffer> }
  | 'unreachable'
  | 'silent';
type Call = { url: string; authorization: string | null; body: unknown };

/** An authority that gives the replies in order, the last one for ever. */
function scripted(...replies: Reply[]) {
  const calls: Call[] = [];
  const clock = new TestClock();
  const fetchScripted = (async (url: string, init: RequestInit) => {
    const reply = replies[Math.min(calls.length, replies.length - 1)]!;
    expect(init.redirect).toBe('error');
    calls.push({
      url,
      authorization: new Headers(init.headers).get('authorization'),
      body: JSON.parse(String(init.body)),
    });
    if (reply === 'silent') return new Promise<Response>(() => undefined);
    if (reply === 'unreachable')
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      });
    return new Response(reply.raw ?? JSON.stringify(reply.body ?? {}), { status: reply.status ?? 200 });
  }) as typeof fetch;
  const client = new AuthorityClient({
    baseUrl: 'https://authority.example/base/',
    job: 'job 7/x',
    token: new Secret(utf8('t0ken')),
    clock,
    fetch: fetchScripted,
  });
  return { client, calls, clock };
}

const challengeText = 'ab'.repeat(32);
const licenseId = '0f'.repeat(16);
const request = { hello: utf8('h'), certificate: utf8('c'), challenge: utf8('x'), requestId: 'r1' };
const issued = { bundle: toBase64url(utf8('bundle')), licenseId, unitIndex: 4, newUnit: true };

test('the three calls carry what the interface names', async () => {
  const { client, calls, clock } = scripted(
    { body: { challenge: challengeText } },
    { body: issued },
    { body: { challenge: challengeText } },
    { body: { accepted: true, outcome: 'PASS', fresh: true } },
  );
  expect(await clock.run(client.challenge('hello'))).toEqual(new Uint8Array(32).fill(0xab));
  expect(await clock.run(client.license(request))).toEqual({ ...issued, bundle: utf8('bundle') });
  await clock.run(client.challenge('receipt'));
  expect(
    await clock.run(client.submitReceipt({ licenseId, receipt: utf8('r'), challenge: utf8('x') })),
  ).toEqual({ fresh: true, outcome: 'PASS' });
  const base = 'https://authority.example/base/v1/jobs/job%207%2Fx';
  expect(calls.map(({ url, body }) => [url, body])).toEqual([
    [`${base}/challenge`, {}],
    [`${base}/licenses`, { hello: 'aA', certificate: 'Yw', challenge: '78', requestId: 'r1' }],
    [`${base}/receipt-challenge`, {}],
    [`${base}/receipts`, { licenseId, receipt: 'cg', challenge: '78' }],
  ]);
  expect(calls[0]!.authorization).toBe('Bearer t0ken');
});

test('the fault of the authority keeps its code and fields and is not asked again', async () => {
  const { client, calls, clock } = scripted({
    status: 409,
    body: { code: 'license-device-wrong', number: 302, fields: { chip: 'x', deep: {} } },
  });
  await expect(clock.run(client.license(request))).rejects.toMatchObject({
    code: 'license-device-wrong',
    fields: { chip: 'x', from: 'authority', status: 409 },
  });
  expect(calls).toHaveLength(1);
});

test.each([
  [{ code: 'license-device-wrong', number: 300 }],
  [{ code: 'no-such-code', number: 65000 }],
  [[]],
  ['text'],
])('a refusal of unknown form is authority-refused: %j', async (body) => {
  const { client, clock } = scripted({ status: 403, body });
  await expect(clock.run(client.challenge('hello'))).rejects.toMatchObject({
    code: 'authority-refused',
    fields: { status: 403 },
  });
});

test.each<[string, Reply]>([
  ['no connection', 'unreachable'],
  ['silence', 'silent'],
  ['status 503', { status: 503 }],
  ['status 429', { status: 429 }],
  ['status 500', { status: 500, raw: 'oops' }],
])('%s is asked again, with the same request id', async (_, reply) => {
  const { client, calls, clock } = scripted(reply, reply, { body: issued });
  expect((await clock.run(client.license(request))).licenseId).toBe(licenseId);
  expect(calls).toHaveLength(3);
  expect(new Set(calls.map(({ body }) => JSON.stringify(body))).size).toBe(1);
});

test.each<[Reply, string, number]>([
  ['unreachable', 'authority-unreachable', 3500],
  ['silent', 'authority-timeout', 43_500],
  [{ status: 503 }, 'authority-refused', 3500],
])('%j for ever ends after four attempts', async (reply, code, endMs) => {
  const { client, calls, clock } = scripted(reply);
  await expect(clock.run(client.challenge('hello'))).rejects.toMatchObject({ code });
  expect(calls).toHaveLength(4);
  expect(clock.nowMs()).toBe(endMs);
});

describe('answers that are not of the interface', () => {
  test.each<[string, Reply]>([
    ['no JSON', { raw: '<html>' }],
    ['not UTF-8', { raw: Uint8Array.of(0xff, 0xfe) }],
    ['an array', { body: [] }],
    ['a short challenge', { body: { challenge: 'ab' } }],
    ['a number', { body: { challenge: 5 } }],
    ['more than 64 KiB', { raw: `{"challenge":"${challengeText}","x":"${'y'.repeat(70_000)}"}` }],
  ])('challenge: %s', async (_, reply) => {
    const { client, calls, clock } = scripted(reply);
    await expect(clock.run(client.challenge('hello'))).rejects.toMatchObject({
      code: 'authority-answer-malformed',
    });
    expect(calls).toHaveLength(1);
  });
  test.each([
    { bundle: 'a' },
    { bundle: 'aB' },
    { bundle: 'a+==' },
    { bundle: 7 },
    { licenseId: 'x' },
    { unitIndex: -1 },
    { unitIndex: 1.5 },
    { newUnit: 'yes' },
  ])('license with %j', async (change) => {
    const { client, clock } = scripted({ body: { ...issued, ...change } });
    await expect(clock.run(client.license(request))).rejects.toMatchObject({
      code: 'authority-answer-malformed',
    });
  });
  test('a receipt whose outcome the job does not take is no success', async () => {
    const { client, clock } = scripted({ body: { accepted: false, outcome: 'UNPROTECTED', fresh: true } });
    await expect(clock.run(client.submitReceipt({ licenseId, receipt: utf8('r') }))).rejects.toMatchObject({
      code: 'job-outcome-refused',
      fields: { outcome: 'UNPROTECTED' },
    });
  });
  test.each([{ outcome: undefined }, { outcome: 'a\u001b[2J' }, { accepted: 1 }, { fresh: 'yes' }])(
    'a receipt with %j',
    async (change) => {
      const { client, clock } = scripted({
        body: { accepted: true, outcome: 'PASS', fresh: true, ...change },
      });
      await expect(clock.run(client.submitReceipt({ licenseId, receipt: utf8('r') }))).rejects.toMatchObject({
        code: 'authority-answer-malformed',
      });
    },
  );
});

test.each(['http://authority.example', 'ftp://localhost', 'nonsense', 'http://localhost.example'])(
  'the token never goes to %s',
  (baseUrl) => {
    expect(
      () => new AuthorityClient({ baseUrl, job: 'j', token: new Secret(utf8('t')), clock: new TestClock() }),
    ).toThrow(expect.objectContaining({ code: 'authority-url-insecure' }));
  },
);

test('a redirect is refused, so that the token stays where it was meant to go', async () => {
  const seen: string[] = [];
  const server = createServer((incoming, answer) => {
    seen.push(incoming.url ?? '');
    answer.writeHead(307, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = new AuthorityClient({
    baseUrl: `http://127.0.0.1:${address.port}`,
    job: 'j',
    token: new Secret(utf8('t')),
    clock: systemClock,
    attempts: 1,
  });
  await expect(client.challenge('hello')).rejects.toMatchObject({ code: 'authority-unreachable' });
  expect(seen).toEqual(['/v1/jobs/j/challenge']);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
