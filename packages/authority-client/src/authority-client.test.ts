// The client against scripted answers: what it sends, what it repeats, what it
// believes, where its token goes.

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calls } from '@firmseal/authority-contract';
import { fromHex, Secret, toBase64url, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { TestClock } from '@firmseal/link/testing';
import { describe, expect, test } from 'vitest';
import { AuthorityClient, accessForJob, readAuthorityAddress } from './index.ts';

type Reply =
  | { status?: number; body?: unknown; raw?: string | Uint8Array<ArrayBuffer> }
  | 'refused'
  | 'broken'
  | 'silent';
type Call = {
  method: string;
  url: string;
  authorization: string | null;
  idempotencyKey: string | null;
  body: unknown;
};

const token = 'fsl_0123456789abcdef';
const systemError = (code: string) =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), { code }) });

/** An authority that gives the replies in order, the last one for ever. */
function scripted(...replies: Reply[]) {
  const sent: Call[] = [];
  const clock = new TestClock();
  const fetchScripted = (async (url: string, init: RequestInit) => {
    const reply = replies[Math.min(sent.length, replies.length - 1)]!;
    expect(init.redirect).toBe('error');
    sent.push({
      method: init.method!,
      url,
      authorization: new Headers(init.headers).get('authorization'),
      idempotencyKey: new Headers(init.headers).get('idempotency-key'),
      body: init.body === undefined ? undefined : JSON.parse(String(init.body)),
    });
    if (reply === 'silent') return new Promise<Response>(() => undefined);
    if (reply === 'refused') throw systemError('ECONNREFUSED');
    if (reply === 'broken') throw systemError('ECONNRESET');
    return new Response(reply.raw ?? JSON.stringify(reply.body ?? {}), { status: reply.status ?? 200 });
  }) as typeof fetch;
  const client = new AuthorityClient({
    address: 'https://authority.example/base/',
    token: new Secret(utf8(token)),
    clock,
    fetch: fetchScripted,
  });
  return { client, sent, clock, line: accessForJob(client, job) };
}

const jobText = '0a'.repeat(16);
const job = fromHex(jobText);
const challengeText = 'ab'.repeat(32);
const challenge = fromHex(challengeText);
const licenseText = '0f'.repeat(16);
const licenseId = fromHex(licenseText);
const request = { hello: utf8('h'), certificate: utf8('c'), challenge, requestId: 'r1' };
const issued = { bundle: toBase64url(utf8('bundle')), licenseId: licenseText, unitIndex: 4, newUnit: true };
const jobAnswer = {
  ...{
    job: jobText,
    product: 'pump',
    mode: 'session',
    accepts: [],
    outcomes: {},
    stated: {},
    state: 'open',
    quota: 4,
    remaining: 4,
    fewUnits: 0,
    isFew: false,
    units: 0,
  },
  ...{
    voided: 0,
    licenses: 0,
    installed: 0,
    receipts: 0,
    createdAtMs: 5,
    packages: [],
    approvalsNeeded: 0,
    approvals: [],
  },
};

test('a line: challenge, license, receipt, as the interface names them', async () => {
  const { line, sent, clock } = scripted(
    { body: { challenge: challengeText } },
    { body: issued },
    { body: { challenge: challengeText } },
    { body: { accepted: true, outcome: 'PASS', fresh: true, job: jobText } },
    { body: { accepted: true, outcome: 'PASS', fresh: true, job: '0b'.repeat(16) } },
  );
  expect(await clock.run(line.giveChallenge('hello'))).toEqual(challenge);
  expect(await clock.run(line.issueLicense(request))).toEqual({
    ...issued,
    bundle: utf8('bundle'),
    licenseId,
  });
  await clock.run(line.giveChallenge('receipt'));
  const delivery = { licenseId, receipt: utf8('r'), challenge, certificate: utf8('c') };
  const kept = { keptBy: 'authority', fresh: true, outcome: 'PASS' };
  expect(await clock.run(line.storeReceipt(delivery))).toEqual({ ...kept, otherJob: undefined });
  expect(await clock.run(line.storeReceipt(delivery))).toEqual({
    ...kept,
    otherJob: fromHex('0b'.repeat(16)),
  });
  const base = `https://authority.example/base/v1/jobs/${jobText}`;
  expect(sent.slice(0, 4).map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', `${base}/challenge`, {}],
    [
      'POST',
      `${base}/licenses`,
      { hello: 'aA', certificate: 'Yw', challenge: challengeText, requestId: 'r1' },
    ],
    ['POST', `${base}/receipt-challenge`, {}],
    [
      'POST',
      `${base}/receipts`,
      { licenseId: licenseText, receipt: 'cg', challenge: challengeText, certificate: 'Yw' },
    ],
  ]);
  expect(sent[0]!.authorization).toBe(`Bearer ${token}`);
});

test('an owner: fields in path, query and body', async () => {
  const { client, sent, clock } = scripted({ body: { jobs: [jobAnswer], more: false } }, { body: jobAnswer });
  const { jobs } = await clock.run(client.call('listJobs', { from: 3, limit: 2 }));
  expect(jobs[0]).toMatchObject({ job, quota: 4 });
  await clock.run(client.call('voidUnit', { job, unit: 7, reason: 'broken' }));
  expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['GET', 'https://authority.example/base/v1/jobs?from=3&limit=2', undefined],
    ['POST', `https://authority.example/base/v1/jobs/${jobText}/units/7/void`, { reason: 'broken' }],
  ]);
});

test('an input that the interface does not have is refused before anything is sent', async () => {
  const { client, sent } = scripted({ body: jobAnswer });
  await expect(client.call('showJob', { job: utf8('short') })).rejects.toMatchObject({
    code: 'body-invalid',
    fields: { field: 'job', problem: '32 hexadecimal digits are due' },
  });
  expect(sent).toEqual([]);
});

test('the fault of the authority keeps its code and plain fields and is not asked again', async () => {
  const fields = { chip: 'x', deep: {}, long: 'y'.repeat(400) };
  const { line, sent, clock } = scripted({
    status: 409,
    body: { code: 'license-device-wrong', number: 302, sentence: 'lies', fields },
  });
  await expect(clock.run(line.issueLicense(request))).rejects.toMatchObject({
    code: 'license-device-wrong',
    fields: { chip: 'x', from: 'authority', status: 409 },
    message: expect.not.stringContaining('lies'),
  });
  expect(sent).toHaveLength(1);
});

test('what an answer could write to a terminal does not come through', async () => {
  const evil = '\u001b]0;owned\u0007\u202e';
  const { client, clock, sent } = scripted(
    { status: 404, body: { code: 'job-unknown', number: 850, fields: { job: evil } } },
    { body: { ...jobAnswer, product: evil } },
  );
  const failed = clock.run(client.call('showJob', { job })).catch((fault: Error) => fault.message);
  expect(await failed).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  await expect(clock.run(client.call('showJob', { job }))).rejects.toMatchObject({
    code: 'authority-answer-malformed',
    fields: { field: 'product' },
  });
  expect(sent).toHaveLength(2);
});

test.each([
  [{ code: 'license-device-wrong', number: 300 }],
  [{ code: 'no-such-code', number: 65000 }],
  [[]],
  ['text'],
])('a refusal of unknown form is authority-refused: %j', async (body) => {
  const { line, clock } = scripted({ status: 403, body });
  await expect(clock.run(line.giveChallenge('hello'))).rejects.toMatchObject({
    code: 'authority-refused',
    fields: { status: 403 },
  });
});

describe('repeats', () => {
  test.each<[string, Reply]>([
    ['no connection', 'refused'],
    ['a connection that breaks', 'broken'],
    ['silence', 'silent'],
    ['status 503', { status: 503 }],
    ['status 429', { status: 429 }],
    ['status 500', { status: 500, raw: 'oops' }],
  ])('%s: a repeatable call is asked again, word for word', async (_, reply) => {
    const { line, sent, clock } = scripted(reply, reply, { body: issued });
    expect((await clock.run(line.issueLicense(request))).licenseId).toEqual(licenseId);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  const opening = { header: utf8('h'), contentKeyFile: utf8('k'), quota: 1 };
  const refusal = (code: string, number: number) => ({ status: 503, body: { code, number } });
  test.each<[string, Reply, number]>([
    ['nobody took it', 'refused', 2],
    ['the authority says that it was busy', refusal('store-busy', 873), 2],
    ['a proxy says 503', { status: 503 }, 2],
    ['the connection broke', 'broken', 2],
    ['there was silence', 'silent', 2],
    ['status 500', { status: 500 }, 2],
    ['it was refused', { status: 409 }, 1],
  ])('a call that must not happen twice is asked again under the same key: %s', async (_, reply, count) => {
    const { client, sent, clock } = scripted(reply, { status: 201, body: jobAnswer });
    await clock.run(client.call('openJob', opening)).catch(() => undefined);
    expect(sent).toHaveLength(count);
    expect(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(sent[0]!.idempotencyKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test.each<[Reply, string, number]>([
    ['refused', 'authority-unreachable', 7500],
    ['silent', 'authority-timeout', 57_500],
    [{ status: 503 }, 'authority-refused', 7500],
  ])('%j for ever ends after five attempts', async (reply, code, endMs) => {
    const { line, sent, clock } = scripted(reply);
    await expect(clock.run(line.giveChallenge('hello'))).rejects.toMatchObject({ code });
    expect(sent).toHaveLength(5);
    expect(clock.nowMs()).toBe(endMs);
  });
});

describe('answers that are not of the interface', () => {
  test.each<[string, Reply]>([
    ['no JSON', { raw: '<html>' }],
    ['not UTF-8', { raw: Uint8Array.of(0xff, 0xfe) }],
    ['an array', { body: [] }],
    ['an empty object', { body: {} }],
    ['a short challenge', { body: { challenge: 'ab' } }],
    ['a number', { body: { challenge: 5 } }],
    ['more than 64 KiB', { raw: `{"challenge":"${challengeText}","x":"${'y'.repeat(70_000)}"}` }],
  ])('challenge: %s', async (_, reply) => {
    const { line, sent, clock } = scripted(reply);
    await expect(clock.run(line.giveChallenge('hello'))).rejects.toMatchObject({
      code: 'authority-answer-malformed',
    });
    expect(sent).toHaveLength(1);
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
    const { line, clock } = scripted({ body: { ...issued, ...change } });
    await expect(clock.run(line.issueLicense(request))).rejects.toMatchObject({
      code: 'authority-answer-malformed',
    });
  });
  test('a token is not made of undefined', async () => {
    const { client, clock } = scripted({ status: 201, body: {} });
    await expect(clock.run(client.call('createLineToken', { job, label: 'line' }))).rejects.toMatchObject({
      code: 'authority-answer-malformed',
    });
  });
  test('a receipt whose outcome the job does not take is no success', async () => {
    const body = { accepted: false, outcome: 'UNPROTECTED', fresh: true, job: jobText };
    const { line, clock } = scripted({ body });
    await expect(clock.run(line.storeReceipt({ licenseId, receipt: utf8('r') }))).rejects.toMatchObject({
      code: 'job-outcome-refused',
      fields: { outcome: 'UNPROTECTED' },
    });
  });
});

describe('where a token may go', () => {
  test.each([
    ['http://authority.example', 'authority-url-insecure'],
    ['http://localhost.example', 'authority-url-insecure'],
    ['http://127.0.0.1.example', 'authority-url-insecure'],
    ['http://10.0.0.7:7443', 'authority-url-insecure'],
    ['http://[::2]', 'authority-url-insecure'],
    ['ftp://localhost', 'authority-address-invalid'],
    ['nonsense', 'authority-address-invalid'],
    ['https://user:pass@authority.example', 'authority-address-invalid'],
    ['https://authority.example/?x=1', 'authority-address-invalid'],
    ['https://authority.example/#x', 'authority-address-invalid'],
  ])('not to %s', (address, code) => {
    const options = { address, token: new Secret(utf8(token)), clock: new TestClock() };
    expect(() => new AuthorityClient(options)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['https://authority.example', 'https://authority.example'],
    ['https://authority.example/firmseal/', 'https://authority.example/firmseal'],
    ['http://localhost:7443/', 'http://localhost:7443'],
    ['http://127.0.0.1:7443', 'http://127.0.0.1:7443'],
    ['http://[::1]:7443/a/b', 'http://[::1]:7443/a/b'],
  ])('to %s', (address, read) => {
    expect(readAuthorityAddress(address)).toBe(read);
  });

  test.each(['', 'short', 'two words, twenty letters', 'fsl_0123456789abcdef\n'])(
    'text that is no token is not sent: %j',
    (text) => {
      const options = { address: 'https://a.example', token: new Secret(utf8(text)), clock: new TestClock() };
      expect(() => new AuthorityClient(options)).toThrow(
        expect.objectContaining({ code: 'token-text-invalid' }),
      );
    },
  );
});

/** A client of a server in this process. */
async function served(listener: RequestListener, run: (client: AuthorityClient) => Promise<void>) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new AuthorityClient({
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: new Secret(utf8(token)),
    clock: systemClock,
    attempts: 1,
    timeoutMs: 500,
  });
  try {
    await run(client);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('a redirect is refused, so that the token stays where it was meant to go', async () => {
  const seen: string[] = [];
  await served(
    (incoming, answer) => {
      seen.push(incoming.url ?? '');
      answer.writeHead(307, { location: '/elsewhere' }).end();
    },
    async (client) => {
      await expect(client.call('giveHelloChallenge', { job })).rejects.toMatchObject({
        code: 'authority-unreachable',
      });
    },
  );
  expect(seen).toEqual([`/v1/jobs/${jobText}/challenge`]);
});

describe('the export', () => {
  const read = async (client: AuthorityClient) => {
    const lines: string[] = [];
    for await (const line of client.exportEvidence()) lines.push(line);
    return lines;
  };

  test('comes line by line, however it is cut into pieces', async () => {
    const text = 'eins\nzwei ü\n\ndrei\n';
    await served(
      (incoming, answer) => {
        expect(incoming.url).toBe(calls.exportEvidence.path);
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at++) answer.write(bytes.subarray(at, at + 1));
        answer.end();
      },
      async (client) => {
        expect(await read(client)).toEqual(['eins', 'zwei ü', '', 'drei']);
      },
    );
  });

  test.each<[string, RequestListener, string]>([
    ['a line without end', (_, answer) => answer.end('x'.repeat(20_000)), 'authority-answer-malformed'],
    [
      'one long line among others',
      (_, answer) => answer.end(`a\n${'x'.repeat(17_000)}\nb`),
      'authority-answer-malformed',
    ],
    ['no UTF-8', (_, answer) => answer.end(Uint8Array.of(0xff)), 'authority-answer-malformed'],
    [
      'a connection that breaks',
      (_, answer) => {
        answer.write('a\n');
        setTimeout(() => answer.destroy(), 20);
      },
      'authority-unreachable',
    ],
    ['silence', (_, answer) => answer.write('a\n'), 'authority-timeout'],
    [
      'a refusal',
      (_, answer) => answer.writeHead(403).end('{"code":"token-scope-wrong","number":856,"fields":{}}'),
      'token-scope-wrong',
    ],
  ])('%s ends in a fault', async (_, listener, code) => {
    await served(listener, async (client) => {
      await expect(read(client)).rejects.toMatchObject({ code });
    });
  });
});
