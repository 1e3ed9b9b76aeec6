// Two sites and two products of one authority, over HTTP: the token says the site, the log has every change
// and every certificate, and the audit counts again.

import { fromBase64url, fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { verifyDeviceCertificate } from '@firmseal/certificate';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApprover } from './approver.ts';
import { TestChip } from './chip.ts';
import { Owner } from './owner.ts';
import { type Answer, TestAuthority } from './running-authority.ts';

const noJob = '0'.repeat(32);
const fan = new Owner('fan');
let authority: TestAuthority;
let approvers: Record<string, readonly [TestApprover, TestApprover]>;
beforeAll(async () => {
  authority = new TestAuthority();
  const { owner } = authority;
  // One device CA and one issuer for both products, as one authority has them.
  Object.assign(fan, { deviceCa: owner.deviceCa, issuer: owner.issuer });
  const keysOf = async (of: Owner) => ({
    ...(await of.productKeys()),
    approvalPolicyObject: await of.approvalPolicy(2),
  });
  authority.keys = await keysOf(owner);
  authority.others.push(await keysOf(fan));
  const two = async (of: Owner) => [await TestApprover.make(of), await TestApprover.make(of)] as const;
  approvers = { pump: await two(owner), fan: await two(fan) };
  await authority.run();
});
afterAll(() => authority.remove());

const tokenOf = async (station: string | undefined) => {
  const body = { scope: 'site', label: 'a site', ...(station === undefined ? {} : { station }) };
  return (await authority.asOwner('POST', '/v1/tokens', body)).body.token as string;
};

async function setCap(change: { product: string; site: string; cap: number; number: number }, by = 2) {
  const whole = { ...change, validUntilMs: authority.nowMs + 86_400_000 };
  const { site, cap, number, validUntilMs } = whole;
  const subject = { kind: 'site-cap', site, cap, number, validUntilSeconds: validUntilMs / 1000 } as const;
  for (const one of approvers[change.product]!.slice(0, by)) await one.approve(authority, noJob, subject);
  return authority.asOwner('POST', '/v1/sites', whole);
}

const challengeOf = (token: string, product = 'pump') =>
  authority.call('POST', '/v1/certificates/challenge', { token, body: { product } });

/** The body of a request for a new chip; the answer of the challenge where that was refused. */
async function newChip(token: string, product = 'pump') {
  const given = await challengeOf(token, product);
  if (given.status !== 200) return given.body;
  const chip = await TestChip.make(product === 'pump' ? authority.owner : fan);
  const { chipId, origin, ...keys } = await chip.newKeys(fromHex(given.body.challenge));
  return {
    ...{ product, chip: chipId, origin, hello: toBase64url(keys.hello), challenge: toHex(keys.challenge) },
    ...{ signingKey: toHex(keys.signingKey), kemKey: toHex(keys.kemKey) },
  };
}
const certify = (token: string, body: unknown): Promise<Answer> =>
  authority.call('POST', '/v1/certificates', { token, body });
const certifyNew = async (token: string, product?: string): Promise<string> => {
  const body = await newChip(token, product);
  return body.code ?? (await certify(token, body)).body.code ?? 'certified';
};

it('is opened by two approvers, and counted by product and site', async () => {
  const [hall, cellar] = [await tokenOf('hall/desk-1'), await tokenOf('cellar')];
  const change = { product: 'pump', site: 'hall', cap: 2, number: 1 };
  expect(await certifyNew(hall)).toBe('site-not-opened');
  expect((await setCap(change, 1)).body).toEqual({ applied: false, given: 1, needed: 2 });
  expect(await certifyNew(hall)).toBe('site-not-opened');
  expect((await setCap(change)).body).toEqual({ applied: true, given: 2, needed: 2 });
  // The same numbers for another product are another change.
  await setCap({ ...change, product: 'fan' });
  await setCap({ ...change, product: 'fan', cap: 1, number: 2 });
  const each = [await certifyNew(hall), await certifyNew(hall, 'fan'), await certifyNew(hall, 'fan')];
  expect(each).toEqual(['certified', 'certified', 'site-cap-used']);
  // Another site's token gets nothing of it, nor one that names no site, nor a person's.
  expect(await certifyNew(cellar)).toBe('site-not-opened');
  expect(await certifyNew(await tokenOf(undefined))).toBe('site-not-opened');
  expect(await certifyNew(authority.ownerToken)).toBe('token-scope-wrong');
  expect(await certifyNew(hall, 'valve')).toBe('product-not-served');
  const { body } = await authority.asOwner('GET', '/v1/sites');
  expect(body.sites).toMatchObject([
    { product: 'fan', site: 'hall', cap: 1, certified: 1 },
    { product: 'pump', site: 'hall', cap: 2, certified: 1, number: 1 },
  ]);
});

it('the same request gets the same certificate and is logged once, for its own site alone', async () => {
  const [hall, cellar] = [await tokenOf('hall'), await tokenOf('cellar')];
  await setCap({ product: 'pump', site: 'cellar', cap: 5, number: 1 });
  const body = await newChip(hall);
  const before = (await authority.store.logHead()).size;
  const [one, other] = await Promise.all([certify(hall, body), certify(hall, body)]);
  expect(one.body).toEqual(other.body);
  expect((await certify(hall, body)).body).toEqual(one.body);
  expect((await authority.store.logHead()).size).toBe(before + 1);
  expect((await certify(cellar, body)).body.code).toBe('certified-elsewhere');
  const device = verifyDeviceCertificate(crypto, fromBase64url(one.body.certificate)!, {
    ...{
      caPublicKeys: [authority.owner.deviceCa.publicKey],
      product: 'pump',
      now: new Date(authority.nowMs),
    },
  });
  expect(toHex(device.thumbprint)).toBe(one.body.thumbprint);
  expect(await certifyNew(hall)).toBe('site-cap-used');
  // The chip is licensed like any other.
  expect(await authority.store.findDevice(device.thumbprint)).toBeDefined();
});

it('a challenge that was lost after the signer certified is answered again, and logged', async () => {
  const cellar = await tokenOf('cellar');
  const body = await newChip(cellar);
  await authority.stopServing();
  await authority.store.close();
  let isBroken = true;
  await authority.run({
    wrap: (store) => ({
      ...store,
      insertDevice: (...row) => {
        if (isBroken) throw new Error('the process was killed here');
        return store.insertDevice(...row);
      },
    }),
  });
  await setCap({ product: 'pump', site: 'cellar', cap: 1, number: 2 });
  const again = await newChip(cellar);
  expect((await certify(cellar, again)).status).toBe(500);
  isBroken = false;
  expect((await certify(cellar, again)).status).toBe(200);
  expect(await certifyNew(cellar)).toBe('site-cap-used');
  expect(body.challenge).not.toBe(again.challenge);
});

it('a stop of the site, and its end, stop certifying', async () => {
  const yard = await tokenOf('yard/desk');
  await setCap({ product: 'pump', site: 'yard', cap: 5, number: 1 });
  const body = await newChip(yard);
  const stop = { kind: 'station', name: 'yard/*' };
  await authority.asOwner('POST', '/v1/stops', { ...stop, reason: 'lost' });
  expect([await certifyNew(yard), (await certify(yard, body)).body.code]).toEqual(
    Array(2).fill('issue-stopped'),
  );
  await authority.asOwner('POST', '/v1/stops/lift', stop);
  expect((await certify(yard, body)).status).toBe(200);
  authority.nowMs += 2 * 86_400_000;
  expect(await certifyNew(yard)).toBe('site-expired');
  authority.nowMs -= 2 * 86_400_000;
});

it('the audit counts, and names an excess, a cap that nobody signed, and a certificate after a stop', async () => {
  const honest = await authority.audit();
  expect(honest.findings).toEqual([]);
  const told = honest.notices.filter(({ code }) => code === 'site-certified').map(({ detail }) => detail);
  expect(told).toContainEqual(expect.stringContaining('site hall: 2 of 2 chips of product pump certified'));
  // A build that counts no more: what it logs tells on it.
  const log = (kind: 'device-certified' | 'site-cap-set' | 'stop-set', fields: object, laterMs = 0) =>
    authority.store.logEvent({
      ...{ timeMs: authority.nowMs + laterMs, kind },
      fields: { product: 'pump', site: 'hall', ...fields },
    });
  const chip = () => ({
    station: 'hall',
    thumbprint: crypto.randomBytes(32),
    certificate: crypto.randomBytes(32),
  });
  await log('device-certified', chip(), 20_000);
  const excess = await authority.audit();
  expect(excess.findings).toMatchObject([
    {
      code: 'site-cap-exceeded',
      detail: 'certificate 3 of product pump for site hall, whose cap is 2',
    },
  ]);
  const until = authority.nowMs + 1000;
  await log('site-cap-set', { cap: 9, number: 9, until, by: 'x' }, 40_000);
  await log('device-certified', { ...chip(), site: 'cave' }, 60_000);
  await log('device-certified', chip(), 60_000);
  await log('stop-set', { what: 'station', name: 'hall/*' }, 60_000);
  await log('device-certified', chip(), 90_000);
  const codes = (await authority.audit()).findings.map(({ code, detail }) => `${code}: ${detail}`);
  expect(codes.sort()).toEqual([
    'approval-missing: 0 of 2 approvers had approved it',
    expect.stringContaining('log-contradictory: a certificate for station hall/*'),
    expect.stringContaining('site-cap-exceeded: a certificate for site cave, which may have none'),
    expect.stringContaining('site-cap-exceeded: a certificate of product pump for site hall after'),
    'site-cap-exceeded: certificate 3 of product pump for site hall, whose cap is 2',
  ]);
});
