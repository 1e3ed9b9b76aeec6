// Idempotency keys over HTTP: one effect, the first answer again, and nothing in the
// database that opens a token.

import { readFileSync } from 'node:fs';
import { toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../src/index.ts';
import { TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
/** Dies before it keeps an answer, as often as this says. */
let deaths = 0;
const dying = (store: Store): Store => ({
  ...store,
  finishRequest: async (...given) => {
    if (deaths-- > 0) throw new Fault('store-failed', { reason: 'cut' });
    await store.finishRequest(...given);
  },
});
beforeAll(async () => {
  authority = await TestAuthority.start({ wrap: dying });
});
afterAll(() => authority.remove());

const newKey = () => toBase64url(crypto.randomBytes(32));
const send = (path: string, body: unknown, key: string, token = authority.ownerToken) =>
  authority.call('POST', path, { token, body, key });
const jobBody = async () => {
  const sealed = await authority.owner.seal();
  const files = { header: toBase64url(sealed.header), contentKeyFile: toBase64url(sealed.contentKeyFile) };
  return { ...files, quota: 2 };
};
const countJobs = async () => (await authority.asOwner('GET', '/v1/jobs')).body.jobs.length;
const countTokens = async () => (await authority.asOwner('GET', '/v1/tokens')).body.tokens.length;
const token = { scope: 'auditor', label: 'a' };

describe('a repeat under the same key', () => {
  it('opens no second job, at once or one after the other', async () => {
    const [body, key, before] = [await jobBody(), newKey(), await countJobs()];
    const answers = await Promise.all([1, 2, 3].map(() => send('/v1/jobs', body, key)));
    answers.push(await send('/v1/jobs', body, key));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await countJobs()).toBe(before + 1);
    await authority.asOwner('POST', `/v1/jobs/${answers[0]!.body.job}/approve`);
    expect((await send('/v1/jobs', body, key)).body).toEqual(answers[0]!.body);
  });

  it('gets the same token, whose text is not in the database', async () => {
    const [key, before] = [newKey(), await countTokens()];
    const first = await send('/v1/tokens', token, key);
    expect(await send('/v1/tokens', token, key)).toEqual(first);
    expect(await countTokens()).toBe(before + 1);
    const files = ['', '-wal'].map((ending) => readFileSync(authority.path + ending));
    for (const secret of [first.body.token, key])
      for (const file of files) expect(file.includes(Buffer.from(utf8(secret)))).toBe(false);
    expect((await authority.call('GET', '/v1/jobs', { token: first.body.token })).status).toBe(200);
  });

  it('is refused with another body, and stands by itself under another token or call', async () => {
    const key = newKey();
    await send('/v1/tokens', token, key);
    const other = await send('/v1/tokens', { ...token, label: 'b' }, key);
    expect([other.status, other.body.code]).toEqual([409, 'idempotency-key-reused']);
    const kept = authority.ownerToken;
    await authority.newOwnerToken();
    expect((await send('/v1/tokens', { ...token, label: 'b' }, key)).status).toBe(201);
    authority.ownerToken = kept;
    expect((await send('/v1/jobs', await jobBody(), key)).status).toBe(201);
  });

  it('tries again what was refused', async () => {
    const key = newKey();
    const unknown = await send('/v1/tokens/00112233445566aa/revoke', {}, key);
    expect(unknown.body.code).toBe('token-unknown');
    expect((await send('/v1/tokens/00112233445566aa/revoke', {}, key)).body.code).toBe('token-unknown');
  });

  it('stands by itself without a key, and a short key is refused', async () => {
    const before = await countTokens();
    for (let i = 0; i < 2; i++) await authority.asOwner('POST', '/v1/tokens', token);
    expect(await countTokens()).toBe(before + 2);
    expect((await send('/v1/tokens', token, 'short')).body.code).toBe('body-invalid');
  });
});

describe('a repeat after the authority died before it kept its answer', () => {
  const twice = async (path: string, body: unknown) => {
    const key = newKey();
    deaths = 1;
    expect((await send(path, body, key)).body.code).toBe('store-failed');
    return send(path, body, key);
  };

  it('finds the job and the token that were made', async () => {
    const [jobs, tokens] = [await countJobs(), await countTokens()];
    expect((await twice('/v1/jobs', await jobBody())).status).toBe(201);
    const made = await twice('/v1/tokens', token);
    expect(made.status).toBe(201);
    expect([await countJobs(), await countTokens()]).toEqual([jobs + 1, tokens + 1]);
    expect((await authority.call('GET', '/v1/jobs', { token: made.body.token })).status).toBe(200);
  });

  it('answers what was done: package, void, revocation, close', async () => {
    const opened = await authority.openJob();
    const { job } = opened;
    const { header, contentKeyFile } = await jobBody();
    expect((await twice(`/v1/jobs/${job}/packages`, { header, contentKeyFile })).status).toBe(201);
    await authority.license(opened, await authority.chip());
    expect((await twice(`/v1/jobs/${job}/units/0/void`, { reason: 'broken' })).body.voided).toBe(1);
    expect((await twice(`/v1/tokens/${opened.lineTokenId}/revoke`, {})).body.revoked).toBe(true);
    expect((await twice(`/v1/jobs/${job}/close`, {})).body.state).toBe('closed');
    expect(toHex((await authority.store.findJob(Buffer.from(job, 'hex')))!.jobId)).toBe(job);
    expect((await authority.audit()).findings).toEqual([]);
  });
});
