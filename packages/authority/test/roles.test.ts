// Every call with a token of every role: what a role may not, it is refused before anything else is looked
// at; what it may, it is not refused for its role.

import { calls, type TokenScope, tokenScopes } from '@firmseal/authority-contract';
import { toBase64url } from '@firmseal/bytes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createToken } from '../src/index.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
let opened: OpenedJob;
const tokens = new Map<TokenScope, string>();
beforeAll(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob();
  const local = await authority.local();
  for (const scope of tokenScopes) {
    if (scope === 'line' || scope === 'update') continue;
    tokens.set(scope, (await createToken(local, { scope, label: scope, by: 'local' })).token);
  }
  tokens.set('line', opened.line);
  const update = await authority.openJob({ mode: 'update' });
  tokens.set('update', update.line);
});
afterAll(() => authority.remove());

const ids: Readonly<Record<string, string>> = {
  unit: '0',
  token: '0'.repeat(16),
  webhook: '0'.repeat(16),
  alarm: '0',
  thumbprint: '5a'.repeat(32),
  receipt: '5a'.repeat(32),
};
const pathOf = (path: string) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'job' ? opened.job : ids[name]!));

const refusal = async (item: { method: 'GET' | 'POST'; path: string }, scope: TokenScope) => {
  const token = tokens.get(scope)!;
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  // A body that no call takes: nothing is changed.
  const body = item.method === 'POST' ? { body: '{"nothing": true}' } : {};
  const response = await fetch(authority.url + pathOf(item.path), { method: item.method, headers, ...body });
  const text = await response.text();
  return response.status === 403 ? (JSON.parse(text) as { code: string }).code : undefined;
};

describe.each(tokenScopes.map((scope) => ({ scope })))('a token of role $scope', ({ scope }) => {
  it('opens the calls of its role and no other', async () => {
    for (const [name, item] of Object.entries(calls)) {
      if (item.scopes.length === 0) continue;
      const may = (item.scopes as readonly TokenScope[]).includes(scope);
      // The public token of an update opens its own job alone, which is another one.
      const expected = may && scope !== 'update' ? undefined : 'token-scope-wrong';
      expect([name, await refusal(item, scope)]).toEqual([name, expected]);
    }
  });
});

it('an engineer may draft jobs, and read them', () => {
  const his = Object.entries(calls).filter(([, { scopes }]) =>
    (scopes as readonly TokenScope[]).includes('engineer'),
  );
  expect(his.map(([name]) => name).sort()).toEqual(
    ['addPackage', 'listJobs', 'listUnits', 'openJob', 'rewrapContentKey', 'showJob', 'whoAmI'].sort(),
  );
});

it('what an engineer drafts gives no license before an owner approves it', async () => {
  const token = tokens.get('engineer')!;
  const sealed = await authority.owner.seal({ authorityKemKey: authority.owner.kem.publicKey });
  const files = { header: toBase64url(sealed.header), contentKeyFile: toBase64url(sealed.contentKeyFile) };
  const draft = await authority.call('POST', '/v1/jobs', { token, body: { ...files, quota: 2 } });
  expect(draft.body).toMatchObject({ state: 'open', quota: 2 });
  const { job } = draft.body;
  for (const path of [`/v1/jobs/${job}/approve`, `/v1/jobs/${job}/tokens`, '/v1/tokens'])
    expect((await authority.call('POST', path, { token, body: {} })).status).toBe(403);
  const line = await authority.newLine({ ...opened, job });
  const asked = () => authority.license({ ...line, job }, chip);
  const chip = await authority.chip();
  await expect(asked()).rejects.toThrow();
  await authority.approveJob(job);
  expect((await asked()).status).toBe(200);
  const more = await authority.owner.seal({ authorityKemKey: authority.owner.kem.publicKey });
  const body = { header: toBase64url(more.header), contentKeyFile: toBase64url(more.contentKeyFile) };
  await authority.call('POST', `/v1/jobs/${job}/packages`, { token, body });
  const { packages } = await authority.showJob(job);
  expect(packages.map(({ approved }: { approved: boolean }) => approved)).toEqual([true, false]);
});
