// Kills the authority before and after every durable write of an install and goes on with a copy of the files
// as they lay on the disk at that moment. Whatever the point: the repeat of the line's request gets its
// license, one unit is spent, and the audit finds nothing.

import { fromBase64url } from '@firmseal/bytes';
import { afterEach, describe, expect, it } from 'vitest';
import { type CrashPoint, type CrashStore, crashStore } from './crash-store.ts';
import { TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
afterEach(() => authority.remove());

/** Opens a job, then runs an install that dies at the point; returns what the line had in hand. */
async function installThatDies(point: CrashPoint | undefined) {
  authority = await TestAuthority.start();
  const opened = await authority.openJob({ quota: 1 });
  const chip = await authority.chip();
  await authority.halt();
  let wrapped!: CrashStore;
  let frozen = authority.path;
  await authority.run({
    wrap: (store) => {
      wrapped = crashStore(store, point, () => {
        frozen = authority.copyFiles('at-the-crash.db');
        throw new Error('killed');
      });
      return wrapped.store;
    },
  });
  const body = await authority.licenseBody(opened, chip);
  const license = await authority.postLicense(opened, body);
  let receipt: Awaited<ReturnType<TestAuthority['postReceipt']>> | undefined;
  if (license.status === 200) {
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(fromBase64url(license.body.bundle)!, manifest);
    const inputs = { receipt: await chip.receipt({ license: held, manifest }) };
    receipt = await authority.postReceipt(opened, license.body.licenseId, inputs);
  }
  await authority.halt();
  authority.path = frozen;
  await authority.run();
  return { opened, chip, body, license, receipt, wrapped };
}

describe('a kill during an install', () => {
  it('has these durable writes, in this order', async () => {
    const { wrapped, receipt } = await installThatDies(undefined);
    expect(wrapped.writes).toEqual(['takeUnit', 'insertLicense', 'insertReceipt']);
    expect(wrapped.fired).toBe(false);
    expect(receipt?.body).toMatchObject({ accepted: true, outcome: 'PASS', fresh: false });
  });

  it.each([
    { write: 0, phase: 'before', units: 0, licenses: 0, receipts: 0 },
    { write: 0, phase: 'after', units: 1, licenses: 0, receipts: 0 },
    { write: 1, phase: 'before', units: 1, licenses: 0, receipts: 0 },
    { write: 1, phase: 'after', units: 1, licenses: 1, receipts: 0 },
    { write: 2, phase: 'before', units: 1, licenses: 1, receipts: 0 },
    { write: 2, phase: 'after', units: 1, licenses: 1, receipts: 1 },
  ] as const)('$phase write $write leaves a state that the repeat mends', async (point) => {
    const { opened, chip, body, license, receipt, wrapped } = await installThatDies(point);
    expect(wrapped.fired).toBe(true);
    expect((receipt ?? license).body.code).toBe('internal-error');
    const { units, licenses, receipts } = point;
    expect(await authority.showJob(opened.job)).toMatchObject({ units, licenses, receipts });
    expect(await authority.audit()).toMatchObject({ ok: true });

    const again = await authority.postLicense(opened, body);
    expect(again.status).toBe(200);
    expect(again.body.newUnit).toBe(units === 0);
    if (license.status === 200) expect(again.body.bundle).toBe(license.body.bundle);
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(fromBase64url(again.body.bundle)!, manifest);
    const made = { receipt: await chip.receipt({ license: held, manifest }) };
    const stored = await authority.postReceipt(opened, again.body.licenseId, made);
    expect(stored).toMatchObject({ status: 200 });
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1, receipts: 1 });
    expect(await authority.audit()).toMatchObject({ ok: true, jobs: [{ unitsWithoutReceipt: 0 }] });

    const other = await authority.license(opened, await authority.chip());
    expect(other.body.code).toBe('quota-exhausted');
  });
});
