import { type Call, calls } from '@firmseal/authority-contract';
import { toBase64url, toHex } from '@firmseal/bytes';
import { Fault, faultCodeOf } from '@firmseal/fault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedJob, TestAuthority } from '../../test/running-authority.ts';
import { serveAuthority } from '../index.ts';

let authority: TestAuthority;
let opened: OpenedJob;

beforeAll(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob();
});
afterAll(() => authority.remove());

describe('the interface', () => {
  it('tells its health to anyone', async () => {
    expect(await authority.call('GET', '/v1/health', { token: null })).toEqual({
      status: 200,
      body: { status: 'ok' },
    });
  });

  it('carries one install from challenge to receipt', async () => {
    const chip = await authority.chip();
    const { license, receipt } = await authority.install(opened, chip);
    expect(license.body).toEqual({
      bundle: expect.stringMatching(/^[A-Za-z0-9_-]{300,}$/),
      licenseId: expect.stringMatching(/^[0-9a-f]{32}$/),
      unitIndex: 0,
      newUnit: true,
    });
    const body = { accepted: true, outcome: 'PASS', fresh: true, job: opened.job };
    expect(receipt).toEqual({ status: 200, body });
    expect(await authority.showJob(opened.job)).toEqual({
      job: opened.job,
      product: 'pump',
      mode: 'session',
      accepts: [],
      state: 'approved',
      quota: 3,
      remaining: 2,
      ...{ fewUnits: 0, isFew: false },
      units: 1,
      voided: 0,
      licenses: 1,
      installed: 1,
      receipts: 1,
      outcomes: { PASS: 1 },
      stated: {},
      createdAtMs: authority.nowMs,
      packages: [
        {
          manifestDigest: toHex(opened.sealed.manifest.digest),
          approved: true,
          firmwareVersion: '1.2.3',
          securityCounter: 5,
        },
      ],
      approvalsNeeded: 0,
      approvals: [],
    });
    expect((await authority.asOwner('GET', '/v1/jobs')).body.jobs).toHaveLength(1);
  });

  it('answers faults with code, number, sentence, remedy and fields', async () => {
    const job = '00'.repeat(16);
    const { status, body } = await authority.asOwner('GET', `/v1/jobs/${job}`);
    const fault = new Fault('job-unknown', { job });
    expect(status).toBe(404);
    expect(body).toEqual({
      code: 'job-unknown',
      number: fault.number,
      sentence: fault.message,
      remedy: fault.remedy,
      fields: { job },
    });
    expect(faultCodeOf(body.number)).toBe('job-unknown');
  });

  it.each<[string, number, string, 'GET' | 'POST', string, unknown]>([
    ['no such route', 404, 'route-unknown', 'GET', '/v1/nothing', undefined],
    ['another method', 404, 'route-unknown', 'GET', '/v1/tokens/x/revoke', undefined],
    ['a malformed job id', 400, 'body-invalid', 'GET', '/v1/jobs/xyz', undefined],
    ['an empty body', 400, 'body-invalid', 'POST', '/v1/jobs', undefined],
    ['missing fields', 400, 'body-invalid', 'POST', '/v1/jobs', {}],
    ['an unknown token id', 404, 'token-unknown', 'POST', '/v1/tokens/00112233aabbccdd/revoke', {}],
    ['a malformed token id', 400, 'body-invalid', 'POST', '/v1/tokens/0011/revoke', {}],
    ['a list as body', 400, 'body-invalid', 'POST', '/v1/jobs', []],
    [
      'a name of the path in the body',
      400,
      'body-invalid',
      'POST',
      `/v1/jobs/${'00'.repeat(16)}/close`,
      { job: '' },
    ],
    [
      'a scope that is made elsewhere',
      400,
      'body-invalid',
      'POST',
      '/v1/tokens',
      { scope: 'line', label: 'x' },
    ],
    ['a limit beyond the most', 400, 'body-invalid', 'GET', '/v1/jobs?limit=100000', undefined],
    ['an unknown query', 400, 'body-invalid', 'GET', '/v1/export?token=abc', undefined],
  ])('refuses %s', async (_, status, code, method, path, body) => {
    expect(await authority.asOwner(method, path, body)).toMatchObject({ status, body: { code } });
  });

  it('refuses bodies with unknown fields, wrong encodings and too much of anything', async () => {
    const chip = await authority.chip();
    const good = await authority.licenseBody(opened, chip);
    const variants: Record<string, unknown>[] = [
      { ...good, extra: 1 },
      { ...good, hello: `${good['hello']}=` },
      { ...good, challenge: good['challenge']!.toUpperCase().replace(/^../, 'AB') },
      { ...good, challenge: '00' },
      { ...good, requestId: 'a b' },
      { ...good, requestId: '' },
      { ...good, certificate: toBase64url(new Uint8Array(1025)) },
      { ...good, hello: 5 },
    ];
    for (const body of variants)
      expect(await authority.postLicense(opened, body)).toMatchObject({
        status: 400,
        body: { code: 'body-invalid' },
      });
    const large = { ...good, requestId: 'x'.repeat(20_000) };
    expect(await authority.postLicense(opened, large)).toMatchObject({
      status: 413,
      body: { code: 'body-too-large' },
    });
    expect((await authority.showJob(opened.job)).units).toBe(1);
    expect((await authority.postLicense(opened, good)).status).toBe(200);
  });

  it('counts a body that states no length', async () => {
    const { line } = await authority.newLine(opened);
    const post = async (text: string) => {
      const body = new Blob([text]).stream();
      const headers = { Authorization: `Bearer ${line}`, 'Content-Type': 'application/json' };
      const url = `${authority.url}/v1/jobs/${opened.job}/challenge`;
      const answer = await fetch(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
      return { status: answer.status, body: await answer.json() };
    };
    expect(await post('{}')).toMatchObject({ status: 200 });
    const large = `{"x":"${'x'.repeat(100_000)}"}`;
    expect(await post(large)).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
  });

  it('lets nobody keep an answer or a refusal', async () => {
    for (const path of ['/v1/health', '/v1/jobs', '/v1/nothing']) {
      const answer = await fetch(authority.url + path);
      expect([path, answer.headers.get('cache-control')]).toEqual([path, 'no-store']);
      expect(Number(answer.headers.get('content-length'))).toBe((await answer.arrayBuffer()).byteLength);
    }
  });

  it('does not listen beyond the machine unless told to', async () => {
    const options = { authority: undefined as never, host: '0.0.0.0' };
    await expect(serveAuthority(options)).rejects.toMatchObject({ code: 'host-not-loopback' });
  });
});

describe('scopes', () => {
  /** Every call of the interface that asks for a token. */
  const guarded = Object.values(calls).flatMap(({ scopes, method, path }: Call) =>
    scopes.length === 0 ? [] : [{ allowed: scopes, method, path: path.replace(/\{(?!job)\w+\}/g, '0') }],
  );
  const urlOf = (path: string) => path.replace('{job}', opened.job);

  it('let each token do its own and nothing else', async () => {
    const auditor = await authority.asOwner('POST', '/v1/tokens', { scope: 'auditor', label: 'auditor' });
    const tokens = { owner: authority.ownerToken, line: opened.line, auditor: auditor.body.token };
    for (const { allowed, method, path } of guarded)
      for (const scope of ['owner', 'line', 'auditor'] as const) {
        if (path === '/v1/export' && allowed.includes(scope)) continue; // a stream, read by other tests
        const closes = path.endsWith('/close') && scope === 'owner';
        if (closes) continue; // the job is needed below
        const body = method === 'POST' ? {} : undefined;
        const { status } = await authority.call(method, urlOf(path), { token: tokens[scope], body });
        expect({ path, scope, refused: status === 403 }).toEqual({
          path,
          scope,
          refused: !allowed.includes(scope),
        });
      }
  });

  it('refuse every route but health without a token or with a wrong one', async () => {
    expect(guarded.length).toBeGreaterThan(15);
    for (const { method, path } of guarded) {
      const url = urlOf(path);
      const body = method === 'POST' ? {} : undefined;
      const none = await authority.call(method, url, { token: null, body });
      expect(none).toMatchObject({ status: 401, body: { code: 'token-missing' } });
      const wrong = await authority.call(method, url, { token: `${opened.line.slice(0, -1)}_`, body });
      expect(wrong).toMatchObject({ status: 401, body: { code: 'token-refused' } });
      const inAddress = await authority.call(method, `${url}?token=${opened.line}`, { token: null, body });
      expect(inAddress.status).toBe(401);
    }
  });
});

describe('rate', () => {
  it('stops a burst of one token and not the others, and lets it go on later', async () => {
    const small = await TestAuthority.start({ burst: 10 });
    const { job, line } = await small.openJob();
    const ask = () => small.call('POST', `/v1/jobs/${job}/challenge`, { token: line, body: {} });
    const answers = [];
    for (let n = 0; n < 12; n++) answers.push(await ask());
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(200), 429, 429]);
    expect(answers[11]!.body.code).toBe('rate-exceeded');
    expect((await small.asOwner('GET', '/v1/jobs')).status).toBe(200);
    small.nowMs += 2000;
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 429]);
    await small.remove();
  });
});

describe('what an observer is told', () => {
  it('names routes, not tokens or bodies', async () => {
    const text = JSON.stringify(authority.events);
    expect(authority.events.length).toBeGreaterThan(50);
    expect(authority.events.some(({ route }) => route === '/v1/jobs/:job/licenses')).toBe(true);
    for (const secret of [authority.ownerToken, opened.line, opened.line.slice(4)])
      expect(text.includes(secret)).toBe(false);
  });
});
