// What store.ts promises of units that were voided and of alarms, as part of store-conformance.ts.

import { expect, it } from 'vitest';
import type { ConformanceKit } from './store-owner-promises.ts';
import { event, id, jobId, license, receipt } from './store-samples.ts';

const all = { from: 0, limit: 1000 };

export function voidPromises({
  store,
  open,
  take,
  logSize,
}: Pick<ConformanceKit, 'store' | 'open' | 'take' | 'logSize'>): void {
  it('voids a unit once, gives its place to another device, and to the same one when there is room', async () => {
    await open(2);
    await store().approveJob(jobId, event('approve'));
    await take(0);
    await take(1);
    const unit = { jobId, unitIndex: 0, reason: 'broken', atMs: 9 };
    expect(await store().voidUnit({ ...unit, unitIndex: 5 }, event('void'))).toBe(false);
    expect(await store().voidUnit(unit, event('void'))).toBe(true);
    expect(await store().voidUnit(unit, event('void'))).toBe(false);
    expect(await store().findUnit(jobId, id(100, 32))).toMatchObject({
      voided: { atMs: 9, reason: 'broken' },
    });
    expect(await store().countJob(jobId)).toMatchObject({ units: 1, voided: 1 });
    expect(await take(2)).toEqual({ unitIndex: 2, taken: true });
    expect(await take(3)).toBeUndefined();
    expect(await take(0)).toBeUndefined(); // no room for the voided one either
    expect(await store().voidUnit({ ...unit, unitIndex: 1 }, event('void'))).toBe(true);
    expect(await take(0)).toEqual({ unitIndex: 0, taken: true });
    expect(await take(0)).toEqual({ unitIndex: 0, taken: false });
    expect(await take(1)).toBeUndefined();
    expect((await store().findUnit(jobId, id(100, 32)))?.voided).toBeUndefined();
    expect(await store().countJob(jobId)).toMatchObject({ units: 2, voided: 1 });
    expect(await logSize()).toBe(8);
  });

  it('voids no unit that has a receipt', async () => {
    await open(1);
    await store().approveJob(jobId, event('approve'));
    await take(0);
    await store().insertLicense(license(0), event('license'));
    await store().insertReceipt(receipt(0), event('receipt'));
    const unit = { jobId, unitIndex: 0, reason: 'broken', atMs: 9 };
    expect(await store().voidUnit(unit, event('void'))).toBe(false);
    expect((await store().findUnit(jobId, id(100, 32)))?.voided).toBeUndefined();
  });

  it('keeps an alarm once for its evidence, and its acknowledgement once', async () => {
    await open(1);
    const alarm = { atMs: 4, reason: 'r', jobId, licenseId: id(1, 16), thumbprint: id(2, 32) };
    expect(await store().insertAlarm(alarm, event('alarm'))).toBe(true);
    expect(await store().insertAlarm({ ...alarm, atMs: 5 }, event('alarm'))).toBe(false);
    expect(await store().insertAlarm({ ...alarm, reason: 's' }, event('alarm'))).toBe(true);
    expect(await store().listAlarms(all)).toEqual([
      { ...alarm, reason: 's', alarm: 2 },
      { ...alarm, alarm: 1 },
    ]);
    const by = { atMs: 6, by: 'bb', note: 'known' };
    expect(await store().acknowledgeAlarm(1, by, event('ack'))).toBe(true);
    expect(await store().acknowledgeAlarm(1, by, event('ack'))).toBe(false);
    expect(await store().acknowledgeAlarm(7, by, event('ack'))).toBe(false);
    expect(await store().findAlarm(1)).toEqual({ ...alarm, alarm: 1, acknowledged: by });
    expect(await store().insertAlarm({ ...alarm, atMs: 8 }, event('alarm'))).toBe(false);
    expect(await logSize()).toBe(4);
  });
}
