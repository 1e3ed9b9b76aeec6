// A device, a product or a station that its owner stopped gets no license, and an audit holds the log to it.

import { fromHex, toHex } from '@firmseal/bytes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const stop = (kind: string, name: string, reason = 'stolen') =>
  authority.asOwner('POST', '/v1/stops', { kind, name, reason });
const lift = (kind: string, name: string) => authority.asOwner('POST', '/v1/stops/lift', { kind, name });

it('a device is refused under every job, with its unit too, until the stop is lifted', async () => {
  const [one, other] = [await authority.openJob(), await authority.openJob()];
  const [chip, free] = [await authority.chip(), await authority.chip()];
  await authority.license(one, chip);
  const name = toHex(chip.thumbprint);
  expect((await stop('device', name)).body).toMatchObject({ kind: 'device', name, reason: 'stolen' });
  expect((await stop('device', name, 'again')).body.reason).toBe('stolen');
  for (const opened of [one, other]) {
    chip.reset();
    const refused = await authority.license(opened, chip);
    expect([refused.status, refused.body.code]).toEqual([409, 'issue-stopped']);
    expect((await authority.license(opened, free)).status).toBe(200);
  }
  expect((await authority.showJob(other.job)).units).toBe(1);
  expect((await authority.asOwner('GET', '/v1/stops')).body.stops).toHaveLength(1);
  expect((await lift('device', name)).body).toEqual({ lifted: true });
  expect((await lift('device', name)).body).toEqual({ lifted: false });
  expect((await authority.license(other, chip)).status).toBe(200);
  expect((await authority.audit()).findings).toEqual([]);
});

it('a product is refused whole, and its receipts are taken', async () => {
  const opened = await authority.openJob();
  const chip = await authority.chip();
  const license = await authority.license(opened, chip);
  await stop('product', 'pump', 'recall');
  const { manifest } = opened.sealed;
  const { license: held } = chip.accept(authority.bundleOf(license), manifest);
  const receipt = await chip.receipt({ license: held, manifest });
  expect((await authority.postReceipt(opened, license.body.licenseId, { receipt })).status).toBe(200);
  expect((await authority.license(opened, await authority.chip())).body).toMatchObject({
    ...{ code: 'issue-stopped', fields: { what: 'product', name: 'pump', reason: 'recall' } },
  });
  await lift('product', 'pump');
});

it('an audit finds a license that was given in spite of a stop', async () => {
  const rogue = await TestAuthority.start();
  const opened = await rogue.openJob();
  const chip = await rogue.chip();
  const name = toHex(chip.thumbprint);
  // The build that skips the check keeps the stop in its log, and nowhere else.
  const fields = { what: 'device', name, reason: 'stolen', by: 'owner' };
  await rogue.store.insertToken(
    { tokenId: '0'.repeat(16), tokenHash: fromHex(name), scope: 'owner', label: 'x', createdAtMs: 1 },
    { timeMs: rogue.nowMs, kind: 'stop-set', fields },
  );
  rogue.nowMs += 60_000;
  expect((await rogue.license(opened, chip)).status).toBe(200);
  const found = (await rogue.audit()).findings.filter(({ code }) => code === 'log-contradictory');
  expect(found.map(({ detail }) => detail)).toEqual([`a license for device ${name}, which was stopped`]);
  await rogue.remove();
});
