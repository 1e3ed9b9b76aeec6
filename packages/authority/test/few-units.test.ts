// The warning that few units of a job are left, as owner, log and whoever runs the authority get it.

import { decodeLogEntry } from '@firmseal/ledger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const warnings = async () => {
  const rows = await authority.store.readLog(0, 1000);
  return rows
    .map(({ entry, sequence }) => decodeLogEntry(entry, sequence))
    .filter(({ kind }) => kind === 'units-few')
    .map(({ fields }) => fields);
};

it('is logged once, when as many are left as the owner calls few', async () => {
  const opened = await authority.openJob({ quota: 4, more: { fewUnits: 2 } });
  const shown = () => authority.showJob(opened.job);
  await authority.license(opened, await authority.chip());
  expect(await shown()).toMatchObject({ remaining: 3, fewUnits: 2, isFew: false });
  const second = await authority.chip();
  await authority.license(opened, second);
  await authority.license(opened, second);
  expect(await shown()).toMatchObject({ remaining: 2, isFew: true });
  expect(await warnings()).toMatchObject([{ remaining: 2, quota: 4 }]);
  expect(authority.few).toMatchObject([{ product: 'pump', remaining: 2, quota: 4 }]);
  expect(await authority.store.countFewJobs()).toBe(1);
  await authority.license(opened, await authority.chip());
  expect(await warnings()).toHaveLength(1);
  expect((await authority.audit()).findings).toEqual([]);
  await authority.closeJob(opened.job);
  expect((await shown()).isFew).toBe(false);
  expect(await authority.store.countFewJobs()).toBe(0);
});

it('comes at a tenth of the quota, and never of a small one', async () => {
  const small = await authority.openJob({ quota: 1 });
  expect(await authority.showJob(small.job)).toMatchObject({ fewUnits: 0, isFew: false });
  await authority.license(small, await authority.chip());
  expect(await authority.showJob(small.job)).toMatchObject({ remaining: 0, isFew: false });
  expect(await warnings()).toHaveLength(1);
  const large = await authority.openJob({ quota: 25 });
  expect((await authority.showJob(large.job)).fewUnits).toBe(2);
});

it('an audit finds a warning that is not true', async () => {
  const opened = await authority.openJob({ quota: 9 });
  const { job } = opened;
  const fields = { job: new Uint8Array(Buffer.from(job, 'hex')), remaining: 3, quota: 9 };
  await authority.store.logEvent({ timeMs: authority.nowMs, kind: 'units-few', fields });
  const [finding] = (await authority.audit()).findings;
  expect(finding).toMatchObject({ code: 'log-contradictory' });
});
