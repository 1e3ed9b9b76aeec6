// Updates in the field: a public token that opens nothing but its job, a share of the devices, a halt, and
// pages of other origins (spec/rollout.md).

import { fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { isInShare, rolloutPlace } from '@firmseal/license';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestChip } from './chip.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start({ publicBurst: 300 });
});
afterAll(() => authority.remove());
afterEach(() => {
  authority.nowMs += 1_000_000; // the bucket of this address fills again
});

const roll = (job: string, change: object) => authority.asOwner('POST', `/v1/jobs/${job}/rollout`, change);
async function openUpdate(percent = 100, quota = 50): Promise<OpenedJob> {
  const opened = await authority.openJob({ mode: 'update', quota });
  await roll(opened.job, { percent });
  return opened;
}
const codeOf = async (opened: OpenedJob, chip: TestChip) => (await authority.license(opened, chip)).body.code;
/** A chip whose place is inside of the share, or outside. */
async function chipWhere(job: string, percent: number, inside: boolean): Promise<TestChip> {
  for (;;) {
    const chip = await authority.chip();
    if (isInShare(rolloutPlace(crypto, fromHex(job), chip.thumbprint), percent) === inside) return chip;
  }
}
async function giveUp(opened: OpenedJob): Promise<void> {
  const chip = await authority.chip();
  const license = await authority.license(opened, chip);
  const { manifest } = opened.sealed;
  const { license: held } = chip.accept(authority.bundleOf(license), manifest);
  const receipt = await chip.receipt({ license: held, manifest }, { result: 'given-up' });
  const answer = await authority.postReceipt(opened, license.body.licenseId, { receipt });
  expect(answer.body.code).toBe('receipt-result-bad');
}

describe('a public token', () => {
  it('is for its job alone, for devices alone, lives a year, and ends when it is revoked', async () => {
    const [opened, other] = [await openUpdate(), await openUpdate()];
    expect(opened.line).toMatch(/^fsu_/);
    const tokens = (await authority.asOwner('GET', '/v1/tokens')).body.tokens;
    const { scope, job, expiresAtMs } = tokens.find(
      (one: { tokenId: string }) => one.tokenId === opened.lineTokenId,
    );
    expect([scope, job, expiresAtMs - authority.nowMs]).toEqual(['update', opened.job, 365 * 86_400_000]);
    const get = (path: string) => authority.call('GET', path, { token: opened.line });
    for (const path of ['/v1/jobs', `/v1/jobs/${opened.job}`, '/v1/export', '/v1/tokens'])
      expect((await get(path)).body.code).toBe('token-scope-wrong');
    const elsewhere = { job: other.job, line: opened.line };
    const stolen = await authority.call('POST', `/v1/jobs/${elsewhere.job}/challenge`, {
      ...{ token: elsewhere.line, body: {} },
    });
    expect(stolen.body.code).toBe('token-scope-wrong');
    expect((await authority.install(opened, await authority.chip())).receipt.body.outcome).toBe('PASS');
    await authority.asOwner('POST', `/v1/tokens/${opened.lineTokenId}/revoke`, {});
    const ended = await authority.call('POST', `/v1/jobs/${opened.job}/challenge`, {
      ...{ token: opened.line, body: {} },
    });
    expect(ended.body.code).toBe('token-refused');
  });

  it('spends no unit without the proof of a key of a device over a challenge of the job', async () => {
    const [opened, other] = [await openUpdate(), await openUpdate()];
    const [chip, thief] = [await authority.chip(), await authority.chip()];
    const body = await authority.licenseBody(opened, chip);
    const refused = async (change: Record<string, string>) =>
      (await authority.postLicense(opened, { ...body, ...change })).body.code;
    const own = await thief.hello(fromHex(body['challenge']!));
    expect(await refused({ hello: toBase64url(own) })).toBe('hello-signature-invalid');
    const invented = crypto.randomBytes(32);
    const answered = { hello: toBase64url(await chip.hello(invented)), challenge: toHex(invented) };
    expect(await refused(answered)).toBe('challenge-unknown');
    const foreign = await authority.licenseBody(other, chip);
    expect((await authority.postLicense(opened, foreign)).body.code).toBe('challenge-unknown');
    expect((await authority.showJob(opened.job)).units).toBe(0);
    expect(await refused({})).toBeUndefined();
    expect(await codeOf(opened, chip)).toBeUndefined();
    expect((await authority.showJob(opened.job)).units).toBe(1);
  });

  it('has one package a job', async () => {
    const { job } = await openUpdate();
    const more = await authority.owner.seal({ securityCounter: 6 });
    const files = { header: toBase64url(more.header), contentKeyFile: toBase64url(more.contentKeyFile) };
    const added = await authority.asOwner('POST', `/v1/jobs/${job}/packages`, files);
    expect(added.body.code).toBe('job-one-package');
  });

  it('is limited by address before it is limited for all', async () => {
    const small = await TestAuthority.start({ publicBurst: 3 });
    const opened = await small.openJob({ mode: 'update' });
    const ask = () =>
      small.call('POST', `/v1/jobs/${opened.job}/challenge`, { token: opened.line, body: {} });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask()).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect((await small.asOwner('GET', '/v1/jobs')).status).toBe(200);
    small.nowMs += 2000;
    expect((await ask()).status).toBe(200);
    await small.remove();
  });
});

describe('a share of the devices', () => {
  it('grows, takes no device away, and is empty at first', async () => {
    const opened = await authority.openJob({ mode: 'update', quota: 50 });
    const [early, late] = [await chipWhere(opened.job, 30, true), await chipWhere(opened.job, 30, false)];
    expect(await codeOf(opened, early)).toBe('rollout-waits');
    await roll(opened.job, { percent: 30 });
    expect([await codeOf(opened, early), await codeOf(opened, late)]).toEqual([undefined, 'rollout-waits']);
    await roll(opened.job, { percent: 0 });
    early.reset();
    expect(await codeOf(opened, early)).toBeUndefined();
    await roll(opened.job, { percent: 100 });
    expect(await codeOf(opened, late)).toBeUndefined();
    const { rollout, units } = await authority.showJob(opened.job);
    expect(rollout).toMatchObject({ percent: 100, halted: false, haltAbovePercent: 20 });
    expect(units).toBe(2);
  });

  it('is for jobs of mode update', async () => {
    const { job } = await authority.openJob();
    expect((await roll(job, { percent: 5 })).body.code).toBe('job-mode-wrong');
  });
});

describe('an update halts', () => {
  it('when more devices give it up than the owner allows, and goes on when he says so', async () => {
    const opened = await openUpdate();
    for (let i = 0; i < 7; i++) await authority.install(opened, await authority.chip());
    for (let i = 0; i < 2; i++) await giveUp(opened);
    expect(await codeOf(opened, await authority.chip())).toBeUndefined();
    await giveUp(opened);
    // 3 of 10 failed; one more is under way.
    expect(await codeOf(opened, await authority.chip())).toBe('rollout-halted');
    expect((await authority.showJob(opened.job)).rollout).toMatchObject({
      ...{ halted: true, installed: 7, failed: 3, silent: 0 },
    });
    expect(await codeOf(opened, await authority.chip())).toBe('rollout-halted');
    authority.nowMs += 1;
    await roll(opened.job, { halted: false });
    expect(await codeOf(opened, await authority.chip())).toBeUndefined();
    expect((await authority.showJob(opened.job)).rollout).toMatchObject({ halted: false, failed: 0 });
    expect((await authority.audit()).findings).toEqual([]);
  });

  it('when devices fall silent, and by the owner', async () => {
    const opened = await openUpdate();
    for (let i = 0; i < 10; i++) await authority.license(opened, await authority.chip());
    expect(await codeOf(opened, await authority.chip())).toBeUndefined();
    authority.nowMs += 3_600_001;
    expect(await codeOf(opened, await authority.chip())).toBe('rollout-halted');
    await roll(opened.job, { halted: false, haltAbovePercent: 100 });
    expect(await codeOf(opened, await authority.chip())).toBeUndefined();
    await roll(opened.job, { halted: true });
    expect(await codeOf(opened, await authority.chip())).toBe('rollout-halted');
  });

  it('not by a receipt that somebody made up', async () => {
    const opened = await openUpdate();
    const [chip, stranger] = [await authority.chip(), await authority.chip()];
    const license = await authority.license(opened, chip);
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(authority.bundleOf(license), manifest);
    const receipt = await stranger.receipt({ license: held, manifest }, { result: 'given-up' });
    const answer = await authority.postReceipt(opened, license.body.licenseId, { receipt });
    expect(answer.body.code).toBe('receipt-signature-invalid');
    expect((await authority.showJob(opened.job)).rollout.failed).toBe(0);
  });
});

describe('a page of another origin', () => {
  const path = (job: string) => `${authority.url}/v1/jobs/${job}/challenge`;
  const preflight = (job: string, origin: string) =>
    fetch(path(job), {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });

  it('is answered when the job names it, also one from a disk, and told nothing otherwise', async () => {
    const opened = await openUpdate();
    await roll(opened.job, { origins: ['https://updates.example', 'null'] });
    const allowed = (response: Response) => response.headers.get('Access-Control-Allow-Origin');
    for (const origin of ['https://updates.example', 'null']) {
      const before = await preflight(opened.job, origin);
      expect([before.status, allowed(before)]).toEqual([204, origin]);
      expect(before.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
      const headers = { Origin: origin, Authorization: `Bearer ${opened.line}` };
      const answer = await fetch(path(opened.job), { method: 'POST', headers, body: '{}' });
      expect([answer.status, allowed(answer)]).toEqual([200, origin]);
      const refused = await fetch(path(opened.job), { method: 'POST', headers: { Origin: origin } });
      expect([refused.status, allowed(refused)]).toEqual([401, origin]);
    }
    const other = await openUpdate();
    for (const [job, origin] of [
      [opened.job, 'https://evil.example'],
      [opened.job, 'https://updates.example.evil.example'],
      [other.job, 'https://updates.example'],
      ['0'.repeat(32), 'null'],
      ['nonsense', 'null'],
    ] as const)
      expect(allowed(await preflight(job, origin))).toBeNull();
    expect((await roll(opened.job, { origins: ['https://a.example/path'] })).body.code).toBe('body-invalid');
  });
});

describe('an audit', () => {
  it('finds a unit that was given to a device outside of the share, or while the update was halted', async () => {
    const rogue = await TestAuthority.start();
    const opened = await rogue.openJob({ mode: 'update' });
    // The build that skips the check says nothing of a share in its answers, and everything in its log.
    const jobId = fromHex(opened.job);
    const take = async (name: string) => {
      const thumbprint = (await rogue.chip()).thumbprint;
      const fields = { job: jobId, thumbprint, unit: Number(name) };
      await rogue.store.takeUnit({
        ...{ jobId, thumbprint, atMs: rogue.nowMs, certificate: (await rogue.chip()).certificate },
        event: (unit, kind) => ({ timeMs: rogue.nowMs, kind, fields: { ...fields, unit } }),
      });
    };
    await take('0');
    const found = (await rogue.audit()).findings.filter(({ code }) => code === 'log-contradictory');
    expect(found.map(({ detail }) => detail)).toEqual(['a unit of a device that the update was not open to']);
    await rogue.remove();
  });
});
