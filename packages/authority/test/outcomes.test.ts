// What an install is called, and whether the owner of its job takes it (spec/receipt.md section 4): before a
// unit is taken, when the receipt comes, in what the job shows, and in the audit.

import { fromBase64url } from '@firmseal/bytes';
import type { Origin } from '@firmseal/formats';
import type { Receipt, Weakness } from '@firmseal/license';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestChip } from './chip.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
beforeEach(async () => {
  authority = await TestAuthority.start();
});
afterEach(() => authority.remove());

const of = (kind: Origin['kind'], rehearsal = false): { origin: Origin } => ({ origin: { kind, rehearsal } });

/** The whole install as the authority sees it; `later` is what the chip says in its receipt. */
async function install(opened: OpenedJob, chip: TestChip, later: Partial<Receipt> = {}) {
  const hello = later.readoutLevel === undefined ? {} : { readoutLevel: later.readoutLevel };
  const { status, body } = await authority.license(opened, chip, hello);
  if (status !== 200) return body;
  return answerFor(opened, chip, body, later);
}

async function answerFor(
  opened: OpenedJob,
  chip: TestChip,
  license: { bundle: string; licenseId: string },
  later: Partial<Receipt> = {},
) {
  const { manifest } = opened.sealed;
  const { license: held } = chip.accept(fromBase64url(license.bundle)!, manifest);
  const challenge = await authority.challenge(opened, 'receipt-challenge');
  const receipt = await chip.receipt({ license: held, manifest, challenge }, later);
  return (await authority.postReceipt(opened, license.licenseId, { receipt, challenge })).body;
}

describe('a job', () => {
  const cases: [Weakness, { origin: Origin }][] = [
    ['ENROLLED', of('enrolled')],
    ['UNWITNESSED', of('unwitnessed')],
    ['REHEARSAL', of('witnessed', true)],
  ];
  it.each(cases)('takes %s only when its owner said so, and no unit otherwise', async (weakness, choice) => {
    const strict = await authority.openJob();
    expect(await install(strict, await authority.chip(choice))).toMatchObject({
      code: 'job-outcome-refused',
      fields: { outcome: weakness },
    });
    expect(await authority.showJob(strict.job)).toMatchObject({ units: 0, accepts: [] });
    const lenient = await authority.openJob({ accepts: [weakness] });
    expect(await install(lenient, await authority.chip(choice))).toEqual({
      ...{ accepted: true, outcome: weakness, fresh: true, job: lenient.job },
    });
    expect(await authority.showJob(lenient.job)).toMatchObject({
      ...{ units: 1, accepts: [weakness], outcomes: { [weakness]: 1 } },
    });
  });

  it('does not take a chip that is less protected than the package asks', async () => {
    const strict = await authority.openJob();
    expect(await install(strict, await authority.chip(), { readoutLevel: 1 })).toMatchObject({
      code: 'job-outcome-refused',
      fields: { outcome: 'UNPROTECTED' },
    });
    const chip = await authority.chip();
    const keyed = await authority.license(strict, chip, { levelKey: true });
    expect(keyed.body.fields).toMatchObject({ outcome: 'UNPROTECTED' });
    expect(await authority.showJob(strict.job)).toMatchObject({ units: 0 });
  });

  it('takes several weaknesses at once only when each of them is allowed', async () => {
    const both = of('unwitnessed', true);
    const half = await authority.openJob({ accepts: ['UNWITNESSED'] });
    expect((await install(half, await authority.chip(both))).code).toBe('job-outcome-refused');
    const whole = await authority.openJob({ accepts: ['UNWITNESSED', 'REHEARSAL'] });
    expect(await install(whole, await authority.chip(both))).toMatchObject({
      ...{ accepted: true, outcome: 'REHEARSAL' },
    });
  });

  it('keeps a receipt whose chip lost its protection after the license, and does not accept it', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    const { body } = await authority.license(opened, chip);
    const level1 = { readoutLevel: 1 as const, unprotected: true };
    expect(await answerFor(opened, chip, body, level1)).toEqual({
      ...{ accepted: false, outcome: 'UNPROTECTED', fresh: true, job: opened.job },
    });
    expect(await authority.showJob(opened.job)).toMatchObject({ receipts: 1, outcomes: { UNPROTECTED: 1 } });
    const audited = await authority.audit();
    expect(audited).toMatchObject({ ok: true });
    expect(audited.jobs[0]).toMatchObject({ outcomes: { UNPROTECTED: 1 }, unitsWithoutReceipt: 1 });
    expect(await answerFor(opened, chip, body)).toMatchObject({ accepted: true, outcome: 'PASS' });
    expect((await authority.audit()).jobs[0]).toMatchObject({
      ...{ outcomes: { PASS: 1, UNPROTECTED: 1 }, unitsWithoutReceipt: 0 },
    });
  });

  it.each<[string, Partial<Receipt>]>([
    ['receipt-counter-wrong', { securityCounter: 0 }],
    ['receipt-chip-wrong', { chipId: 'stm32h743' }],
    ['receipt-not-measured', { measured: false }],
  ])('refuses %s', async (code, later) => {
    const opened = await authority.openJob();
    expect(await install(opened, await authority.chip(), later)).toMatchObject({ code });
    expect(await authority.showJob(opened.job)).toMatchObject({ receipts: 0 });
  });
});

describe('a license', () => {
  it('carries the origin of the chip, and a ceiling of its count and sixteen', async () => {
    const opened = await authority.openJob({ accepts: ['ENROLLED'] });
    const chip = await authority.chip(of('enrolled'));
    const { body } = await authority.license(opened, chip, { unwraps: 5 });
    const { terms } = chip.accept(fromBase64url(body.bundle)!, opened.sealed.manifest).license;
    expect(terms).toMatchObject({ origin: { kind: 'enrolled', rehearsal: false }, ceiling: 21 });
  });
});
