// Jobs that list their stations and sites: who gets a license, who gets a token, what approvers sign, and
// what the audit says of a list that was changed or passed over.

import { AuthorityClient } from '@firmseal/authority-client';
import { fromHex, Secret, toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { makeIdentityRecord } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { systemClock } from '@firmseal/link';
import { makeStationDelegation, makeStationRequest, verifyStation } from '@firmseal/station';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApprover } from './approver.ts';
import { chipId, signerOf } from './owner.ts';
import { type Answer, type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const stations = ['bench-1', 'shenzhen/*'];
const tokenFor = (job: string, station?: string): Promise<Answer> =>
  authority.asOwner('POST', `/v1/jobs/${job}/tokens`, { label: 'line', ...(station ? { station } : {}) });
const open = (more: Parameters<TestAuthority['openJob']>[0] = {}) =>
  authority.openJob({ ...more, more: { stations: [...stations].reverse(), ...more.more } });
const lineAt = async (opened: OpenedJob, station: string): Promise<OpenedJob> => {
  const { token, tokenId } = (await tokenFor(opened.job, station)).body;
  return { ...opened, line: token, lineTokenId: tokenId };
};

describe('a job of two places', () => {
  it('gives licenses to lines with a token of its stations, and tokens to no other station', async () => {
    const opened = await open();
    expect((await authority.showJob(opened.job)).stations).toEqual(stations);
    for (const station of ['bench-1', 'shenzhen/line-3']) {
      const line = await lineAt(opened, station);
      expect((await authority.license(line, await authority.chip())).status).toBe(200);
    }
    for (const station of [undefined, 'bench-2', 'shenzhen'])
      expect(await tokenFor(opened.job, station)).toMatchObject({
        ...{ status: 409, body: { code: 'job-station-refused', fields: { job: opened.job } } },
      });
    const { body } = await authority.asOwner('GET', '/v1/tokens');
    expect(body.tokens[0]).toMatchObject({ scope: 'line', job: opened.job, station: 'shenzhen/line-3' });
    expect((await authority.audit()).findings).toEqual([]);
  });

  it('refuses a line that has no such token, before a unit is taken', async () => {
    const opened = await open();
    const line = await lineAt(opened, 'bench-1');
    // As a database would have it that was written by somebody else.
    const { path } = authority;
    await authority.halt();
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(path);
    database.prepare("UPDATE tokens SET station = 'bench-2' WHERE token_id = ?").run(line.lineTokenId);
    database.close();
    await authority.run();
    expect((await authority.license(line, await authority.chip())).body).toMatchObject({
      ...{ code: 'job-station-refused', fields: { station: 'bench-2' } },
    });
    expect((await authority.showJob(opened.job)).units).toBe(0);
  });

  it('a station that was stopped gets nothing at once, and the other one goes on', async () => {
    const opened = await open();
    const [one, other] = [await lineAt(opened, 'bench-1'), await lineAt(opened, 'shenzhen/line-1')];
    const stop = { kind: 'station', name: 'bench-1' };
    await authority.asOwner('POST', '/v1/stops', { ...stop, reason: 'token lost' });
    expect((await authority.license(one, await authority.chip())).body).toMatchObject({
      ...{ code: 'issue-stopped', fields: { what: 'station', name: 'bench-1', reason: 'token lost' } },
    });
    expect((await authority.license(other, await authority.chip())).status).toBe(200);
    await authority.asOwner('POST', '/v1/stops/lift', stop);
    expect((await authority.license(one, await authority.chip())).status).toBe(200);
  });

  it('a site that was stopped gets nothing at any of its stations, and an audit holds the log to it', async () => {
    const opened = await open();
    const [inside, outside] = [await lineAt(opened, 'shenzhen/hall/line-1'), await lineAt(opened, 'bench-1')];
    const stop = { kind: 'station', name: 'shenzhen/*' };
    await authority.asOwner('POST', '/v1/stops', { ...stop, reason: 'contract ended' });
    expect((await authority.license(inside, await authority.chip())).body).toMatchObject({
      ...{ code: 'issue-stopped', fields: { what: 'station', name: 'shenzhen/*' } },
    });
    expect((await authority.license(outside, await authority.chip())).status).toBe(200);
    await authority.asOwner('POST', '/v1/stops/lift', stop);
    expect((await authority.license(inside, await authority.chip())).status).toBe(200);
    expect((await authority.audit()).findings).toEqual([]);
  });

  it('is refused for devices in the field, and with a name that no station can have', async () => {
    const { header, contentKeyFile } = await authority.owner.seal();
    const files = { header: toBase64url(header), contentKeyFile: toBase64url(contentKeyFile), quota: 1 };
    const answer = async (more: object) =>
      (await authority.asOwner('POST', '/v1/jobs', { ...files, ...more })).body.code;
    expect(await answer({ mode: 'update', stations })).toBe('job-stations-unfit');
    for (const wrong of [[], ['*'], ['a b'], Array.from({ length: 9 }, (_, i) => `s${i}`)])
      expect(await answer({ stations: wrong })).toBe('body-invalid');
  });

  it('asks the owner of a batch for which station it is', async () => {
    const opened = await authority.openJob({ mode: 'standing', more: { stations: ['bench-1'] } });
    const chip = await authority.chip();
    const challenge = crypto.randomBytes(32);
    const hello = await chip.hello(challenge, { readoutLevel: 2 });
    const record = await makeIdentityRecord(crypto, signerOf(authority.owner.deviceCa), {
      ...{ certificate: chip.certificate, challenge, hello, uniqueId: Uint8Array.of(1) },
      ...{ agentSha256: null, board: '', madeAt: Math.floor(authority.nowMs / 1000) },
    });
    const client = new AuthorityClient({
      ...{ address: authority.url, token: new Secret(utf8(authority.ownerToken)) },
      ...{ clock: systemClock, attempts: 1 },
    });
    const notAfterSeconds = Math.floor(authority.nowMs / 1000) + 3600;
    const wish = { job: fromHex(opened.job), records: [record], notAfterSeconds };
    const ask = (more: object) =>
      client.call('licenseRecords', { ...wish, ...more }).then(
        ({ licenses }) => licenses.length,
        (fault) => fault.code,
      );
    expect(await ask({})).toBe('job-station-refused');
    expect(await ask({ station: 'bench-2' })).toBe('job-station-refused');
    expect(await ask({ station: 'bench-1' })).toBe(1);
  });
});

it('a station that writes chips itself is asked for the name in its delegation', async () => {
  const opened = await open({ mode: 'station', quota: 2, seal: { address: 0x0800_0000 } });
  const line = await lineAt(opened, 'bench-1');
  const key = crypto.generateP256();
  const askAs = async (name: string) => {
    const now = Math.floor(authority.nowMs / 1000);
    const delegation = await makeStationDelegation(crypto, signerOf(authority.owner.root), {
      ...{ publicKey: key.publicKey, product: 'pump', name, epoch: 0 },
      ...{ notBeforeSeconds: now - 60, notAfterSeconds: now + 3600 },
    });
    const challenge = await authority.challenge(line);
    const { rootPublicKey } = authority.keys;
    const stationDigest = verifyStation(crypto, delegation, { rootPublicKey }).digest;
    const request = await makeStationRequest(crypto, signerOf(key), {
      ...{ purpose: 'license', jobId: fromHex(opened.job), challenge, nonce: crypto.randomBytes(16) },
      ...{ stationDigest, chipId, holder: crypto.sha256(utf8(name)) },
      ...{ manifestDigest: opened.sealed.manifest.digest, kemKey: crypto.generateP256().publicKey },
    });
    return authority.call('POST', `/v1/jobs/${opened.job}/station-licenses`, {
      token: line.line,
      body: {
        ...{ request: toBase64url(request), delegation: toBase64url(delegation) },
        challenge: toHex(challenge),
      },
    });
  };
  expect((await askAs('bench-2')).body).toMatchObject({
    ...{ code: 'job-station-refused', fields: { station: 'bench-2' } },
  });
  expect((await askAs('shenzhen/bench-9')).status).toBe(200);
  for (const name of ['shenzhen/bench-9', 'shenzhen/*']) {
    const stop = { kind: 'station', name };
    await authority.asOwner('POST', '/v1/stops', { ...stop, reason: 'lent out' });
    expect((await askAs('shenzhen/bench-9')).body).toMatchObject({ code: 'issue-stopped', fields: { name } });
    await authority.asOwner('POST', '/v1/stops/lift', stop);
  }
  expect((await authority.audit()).findings).toEqual([]);

  // An audit believes the delegation, not the authority.
  const lines = (await authority.evidence()).map((text) =>
    text.includes(opened.job) ? text.replace('"shenzhen/*"', '"dongguan/*"') : text,
  );
  const found = (await authority.auditLines(lines)).findings.map(({ code }) => code);
  expect(found).toEqual(expect.arrayContaining(['row-differs', 'request-invalid']));
});

it('an audit finds a license of a line that the job does not list', async () => {
  const rogue = await TestAuthority.start();
  const opened = await rogue.openJob({ more: { stations: ['bench-1'] } });
  const { token } = (
    await rogue.asOwner('POST', `/v1/jobs/${opened.job}/tokens`, { label: 'l', station: 'bench-1' })
  ).body;
  const { body } = await rogue.license({ ...opened, line: token }, await rogue.chip());
  expect((await rogue.audit()).findings).toEqual([]);
  const license = (await rogue.store.findLicense(fromHex(body.licenseId)))!;
  const unit = { unit: license.unitIndex, thumbprint: license.thumbprint, job: license.jobId };
  await rogue.store.insertToken(
    {
      tokenId: '0'.repeat(16),
      tokenHash: crypto.randomBytes(32),
      scope: 'owner',
      label: 'x',
      createdAtMs: 1,
    },
    {
      ...{ timeMs: rogue.nowMs, kind: 'license-issued' },
      fields: {
        ...{ ...unit, license: crypto.randomBytes(16), digest: crypto.randomBytes(32), ceiling: 16 },
        ...{ manifest: license.manifestDigest, station: 'bench-2' },
      },
    },
  );
  const found = (await rogue.audit()).findings.filter(({ code }) => code === 'log-contradictory');
  expect(found.map(({ detail }) => detail)).toEqual([
    'a license for station bench-2, which the job does not list',
  ]);
  await rogue.remove();
});

it('approvers sign the list with the order', async () => {
  const strict = await TestAuthority.start({ approvers: 1 });
  const ann = await TestApprover.make(strict.owner);
  const opened = await strict.openJob({ approve: false, more: { stations } });
  const packages = [opened.sealed.manifest.digest];
  const order = { kind: 'order', quota: 3, mode: 'session', accepts: [], packages } as const;
  const one = { threshold: 1 };
  for (const other of [{}, { stations: ['bench-1'] }])
    expect((await ann.approve(strict, opened.job, { ...order, ...other }, one)).body).toMatchObject({
      ...{ code: 'approval-wrong', fields: { what: 'order' } },
    });
  expect((await ann.approve(strict, opened.job, { ...order, stations }, one)).status).toBe(200);
  expect((await strict.approveJob(opened.job)).status).toBe(200);
  const { token } = (
    await strict.asOwner('POST', `/v1/jobs/${opened.job}/tokens`, { label: 'l', station: 'bench-1' })
  ).body;
  expect((await strict.license({ ...opened, line: token }, await strict.chip())).status).toBe(200);
  expect((await strict.audit()).findings).toEqual([]);
  await strict.remove();
});
