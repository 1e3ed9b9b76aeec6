// What an operator meets: a full or locked disk, a clock that is wrong, many connections, tokens that end.

import { once } from 'node:events';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { Fault, type FaultCode } from '@firmseal/fault';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatRequest, serveAuthority } from '../src/index.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
let opened: OpenedJob;
beforeEach(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob();
});
afterEach(() => authority.remove());

const health = () => authority.call('GET', '/v1/health', { token: null });

/** Runs the authority on a store whose writes fail while `fault` is set. */
async function withFailingWrites(run: (fail: (code: FaultCode | undefined) => void) => Promise<void>) {
  await authority.halt();
  let fault: FaultCode | undefined;
  const writes = ['takeUnit', 'insertLicense', 'insertReceipt', 'insertChallenge', 'insertToken', 'keepTick'];
  await authority.run({
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (fault !== undefined && writes.includes(String(name)))
            return () =>
              Promise.reject(new Fault(fault!, { reason: 'test' }, { cause: new Error('secret 1234') }));
          return member;
        },
      }),
  });
  await run((code) => {
    fault = code;
  });
}

describe('a disk that is full, read-only or broken', () => {
  it.each<FaultCode>(['store-full', 'store-read-only', 'store-failed', 'store-damaged'])(
    '%s reaches the line with its code, health tells it, both logs name it, and all goes on afterwards',
    async (code) => {
      await withFailingWrites(async (fail) => {
        expect((await health()).status).toBe(200);
        const body = await authority.licenseBody(opened, await authority.chip());
        fail(code);
        authority.events.length = 0;
        expect(await authority.postLicense(opened, body)).toMatchObject({ status: 503, body: { code } });
        authority.nowMs += 2001; // the last good answer of health is old by now
        expect(await health()).toMatchObject({ status: 503, body: { code } });
        const log = authority.events.map((event) => formatRequest(event, new Date(0)));
        expect(log[0]).toMatch(
          new RegExp(
            `^1970-01-01T00:00:00.000Z POST /v1/jobs/:job/licenses 503 \\d+ms token [0-9a-f]{16} FS0\\d+ ${code}`,
          ),
        );
        expect(log.join('\n')).not.toContain('1234');
        fail(undefined);
        authority.nowMs += 2001;
        expect((await health()).status).toBe(200);
        expect((await authority.postLicense(opened, body)).status).toBe(200);
      });
    },
  );

  it('asking for health again and again writes no more than once in two seconds', async () => {
    let writes = 0;
    await authority.halt();
    await authority.run({
      wrap: (store) => ({
        ...store,
        keepTick: (at) => {
          writes++;
          return store.keepTick(at);
        },
      }),
    });
    for (let n = 0; n < 50; n++) await health();
    expect(writes).toBe(1);
  });
});

describe('a log of requests', () => {
  it('names no token, no path parameter and no text of a foreign error', () => {
    const cause = Object.assign(new Error('PIN 1234'), {
      code: 'ERR_PIN',
      stack: 'Error: PIN 1234\n    at sign (key.ts:3:9)',
    });
    const fault = new Fault('internal-error', { detail: 'x' }, { cause });
    const event = { method: 'POST', route: '/v1/jobs/:job/licenses', status: 500, durationMs: 3.4, fault };
    expect(formatRequest(event, new Date(0))).toBe(
      '1970-01-01T00:00:00.000Z POST /v1/jobs/:job/licenses 500 3ms FS0001 internal-error (Error ERR_PIN at sign (key.ts:3:9))',
    );
  });

  it('holds the refusals too', async () => {
    authority.events.length = 0;
    await authority.call('GET', '/v1/nowhere', { token: null });
    await authority.call('GET', '/v1/jobs', { token: null });
    expect(authority.events.map(({ status, fault }) => [status, fault?.code])).toEqual([
      [404, 'route-unknown'],
      [401, 'token-missing'],
    ]);
  });
});

it('a request that breaks off in its body is the fault of its connection, and the log says so', async () => {
  const { port, hostname } = new URL(authority.url);
  authority.events.length = 0;
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = ['POST /v1/tokens HTTP/1.1', 'Host: x', `Authorization: Bearer ${authority.ownerToken}`];
  socket.write(`${[...head, 'Content-Length: 100'].join('\r\n')}\r\n\r\n{"label":`, () => socket.end());
  while (authority.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(authority.events[0]).toMatchObject({ status: 400, fault: { code: 'body-invalid' } });
  socket.destroy();
});

it('a port that is taken is port-unavailable', async () => {
  const { port } = new URL(authority.url);
  await expect(
    serveAuthority({ authority: await authority.local(), port: Number(port) }),
  ).rejects.toMatchObject({ code: 'port-unavailable', fields: { port: Number(port), reason: 'EADDRINUSE' } });
});

it('a database that another process has locked holds up what writes, and nothing else', async () => {
  const body = await authority.licenseBody(opened, await authority.chip());
  const other = new DatabaseSync(authority.path);
  other.exec('BEGIN IMMEDIATE');
  let ended = 0;
  const writing = [1, 2, 3, 4].map(async () => {
    const answer = await authority.postLicense(opened, body);
    ended++;
    return answer.status;
  });
  // Answers of reading calls arrive while the writing ones still wait.
  for (let n = 0; n < 5; n++) expect((await authority.asOwner('GET', '/v1/jobs')).status).toBe(200);
  expect(ended).toBe(0);
  other.exec('ROLLBACK');
  other.close();
  expect(await Promise.all(writing)).toEqual([200, 200, 200, 200]);
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1 });
});

describe('a clock', () => {
  const day = 86_400_000;

  it('that steps back 5 minutes refuses no fresh receipt', async () => {
    const chip = await authority.chip();
    const license = await authority.license(opened, chip);
    authority.nowMs -= 5 * 60_000;
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(authority.bundleOf(license), manifest);
    const challenge = await authority.challenge(opened, 'receipt-challenge');
    const receipt = await chip.receipt({ license: held, manifest, challenge });
    expect(
      (await authority.postReceipt(opened, license.body.licenseId, { receipt, challenge })).body,
    ).toMatchObject({
      fresh: true,
    });
  });

  it.each([3 * 60_000, 2 * day, 9 * 365 * day])(
    'that goes %i ms ahead and is put right revives no challenge and locks nobody out',
    async (ahead) => {
      const old = await authority.licenseBody(opened, await authority.chip());
      authority.nowMs += ahead;
      const meanwhile = await authority.newLine(opened);
      const stale = await authority.licenseBody(meanwhile, await authority.chip());
      authority.nowMs += 600_001;
      await authority.challenge(meanwhile);
      authority.nowMs -= ahead + 600_001;
      for (const body of [old, stale])
        expect((await authority.postLicense(opened, body)).body.code).toBe('challenge-unknown');
      expect((await authority.install(opened, await authority.chip())).receipt.status).toBe(200);
    },
  );

  it.each([3 * 60_000, 2 * day, 9 * 365 * day])(
    'that goes %i ms back revives no challenge, and locks nobody out once it is right',
    async (back) => {
      const old = await authority.licenseBody(opened, await authority.chip());
      authority.nowMs += 600_001;
      await authority.challenge(opened);
      authority.nowMs -= back;
      const beforeCertificates = authority.nowMs < Date.UTC(2026, 0, 1);
      const refusal = beforeCertificates ? 'certificate-expired' : 'challenge-unknown';
      expect((await authority.postLicense(opened, old)).body.code).toBe(refusal);
      const chip = await authority.chip();
      const meanwhile = await authority.license(opened, chip);
      if (beforeCertificates)
        expect(meanwhile.body).toMatchObject({
          code: 'certificate-expired',
          fields: { validFrom: '2026-01-01', clock: new Date(authority.nowMs).toISOString().slice(0, 10) },
        });
      else expect(meanwhile.status).toBe(200);
      expect(await authority.showJob(opened.job)).toMatchObject({ units: beforeCertificates ? 0 : 1 });
      authority.nowMs += back;
      expect((await authority.postLicense(opened, old)).body.code).toBe('challenge-unknown');
      chip.reset();
      expect((await authority.install(opened, chip)).receipt.status).toBe(200);
    },
  );

  it('that is two days behind after a restart makes no old challenge young', async () => {
    const old = await authority.licenseBody(opened, await authority.chip());
    authority.nowMs += 600_001;
    await authority.challenge(opened);
    await authority.halt();
    authority.nowMs -= 2 * day;
    await authority.run();
    expect((await authority.postLicense(opened, old)).body.code).toBe('challenge-unknown');
    expect((await authority.install(opened, await authority.chip())).receipt.status).toBe(200);
  });

  it('that went back 300 days shows in the audit, and so does one that differs from the auditor', async () => {
    await authority.install(opened, await authority.chip());
    authority.nowMs -= 300 * day;
    await authority.install(opened, await authority.chip());
    const result = await authority.audit();
    expect(result.ok).toBe(true);
    expect(result.notices.filter(({ code }) => code === 'clock')).toMatchObject([
      { detail: expect.stringContaining('the time goes back by 300 days') },
    ]);
    const differs = await authority.audit(undefined, authority.nowMs + 9 * 365 * day);
    expect(differs.notices.map(({ detail }) => detail)).toContainEqual(
      expect.stringContaining('3285 days behind this one'),
    );
  });
});

describe('tokens', () => {
  const day = 86_400_000;

  it('of a line end after 30 days unless told otherwise; a clock that was years ahead ends none', async () => {
    const ask = () =>
      authority.call('POST', `/v1/jobs/${opened.job}/challenge`, { token: opened.line, body: {} });
    authority.nowMs += 30 * day - 1;
    expect((await ask()).status).toBe(200);
    authority.nowMs += 1;
    expect(await ask()).toMatchObject({ status: 401, body: { code: 'token-expired' } });
    authority.nowMs += 9 * 365 * day;
    expect((await ask()).body.code).toBe('token-expired');
    authority.nowMs -= 9 * 365 * day + 1;
    expect((await ask()).status).toBe(200);
    const made = await authority.asOwner('POST', `/v1/jobs/${opened.job}/tokens`, {
      label: 'x',
      lifeDays: 1,
    });
    expect(made.body.expiresAtMs).toBe(authority.nowMs + day);
  });

  it('of an auditor read everything and change nothing', async () => {
    const { body } = await authority.asOwner('POST', '/v1/tokens', { scope: 'auditor', label: 'alice' });
    const as = (method: 'GET' | 'POST', path: string) =>
      authority.call(method, path, { token: body.token, ...(method === 'POST' ? { body: {} } : {}) });
    expect((await authority.evidence(body.token)).at(-1)).toContain('"kind":"end"');
    for (const path of ['/v1/jobs', `/v1/jobs/${opened.job}`, `/v1/jobs/${opened.job}/units`, '/v1/alarms'])
      expect((await as('GET', path)).status).toBe(200);
    for (const path of ['/v1/jobs', '/v1/tokens', `/v1/jobs/${opened.job}/close`])
      expect((await as('POST', path)).status).toBe(403);
    await authority.asOwner('POST', `/v1/tokens/${body.tokenId}/revoke`, {});
    expect((await as('GET', '/v1/jobs')).body.code).toBe('token-refused');
  });

  it('and jobs are listed in pages, newest first', async () => {
    const jobs = [opened.job];
    for (let n = 0; n < 4; n++) {
      authority.nowMs += 1;
      jobs.unshift((await authority.openJob()).job);
    }
    const page = async (from: number, limit: number) => {
      const { body } = await authority.asOwner('GET', `/v1/jobs?from=${from}&limit=${limit}`);
      return [body.jobs.map(({ job }: { job: string }) => job), body.more];
    };
    expect(await page(0, 2)).toEqual([jobs.slice(0, 2), true]);
    expect(await page(2, 2)).toEqual([jobs.slice(2, 4), true]);
    expect(await page(4, 2)).toEqual([jobs.slice(4), false]);
    const tokens = await authority.asOwner('GET', '/v1/tokens?limit=3');
    expect(tokens.body).toMatchObject({ tokens: { length: 3 }, more: true });
  });
});

it('idle connections, however many, do not keep a line from being served', async () => {
  const { port, hostname } = new URL(authority.url);
  const sockets = [];
  let closed = 0;
  for (let n = 0; n < 1200; n++) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined).on('close', () => closed++);
    await once(socket, 'connect');
    if (n % 3 === 0) socket.write('POST /v1/jobs HTTP/1.1\r\nHost: x\r\n'); // a head without end
    sockets.push(socket);
  }
  expect((await authority.install(opened, await authority.chip())).receipt.status).toBe(200);
  expect(closed).toBeGreaterThan(100);
  for (const socket of sockets) socket.destroy();
});
