// Alarms come from verified evidence only, once for each, and an owner acknowledges them. Voids:
// the owner gives the place of a chip that was never installed to another one, and hears of it when
// that chip is installed after all.

import { fromBase64url, fromHex, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestChip } from './chip.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
let opened: OpenedJob;
beforeEach(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob();
});
afterEach(() => authority.remove());

const alarms = async () => (await authority.asOwner('GET', '/v1/alarms')).body.alarms;

/** A receipt of the chip for a license that was never issued. */
async function unknownReceipt(
  chip: TestChip,
  licenseId = crypto.randomBytes(16),
  more: Parameters<TestChip['receipt']>[1] = {},
) {
  const { manifest } = opened.sealed;
  const terms = {
    ...{ licenseId, jobId: crypto.randomBytes(16), receiptNonce: crypto.randomBytes(32) },
    deviceDataDigests: [],
  };
  const held = { terms, digest: crypto.randomBytes(32) } as never;
  return { licenseId, receipt: await chip.receipt({ license: held, manifest }, more) };
}

describe('a receipt for a license that nobody issued', () => {
  it('raises no alarm when anyone could have made it up', async () => {
    const met = await authority.chip();
    await authority.install(opened, met);
    const stranger = await authority.chip();
    const rogue = await TestChip.make(authority.owner, { ca: authority.owner.issuer });
    const { licenseId, receipt } = await unknownReceipt(stranger);
    const broken = receipt.slice();
    broken[broken.length - 1]! ^= 1;
    const attempts = [
      { receipt }, // of a chip that was never met, without a certificate
      { receipt: broken, certificate: stranger.certificate },
      { receipt, certificate: met.certificate }, // of another chip
      { receipt: (await unknownReceipt(rogue, licenseId)).receipt, certificate: rogue.certificate },
    ];
    for (const attempt of attempts)
      expect(await authority.postReceipt(opened, toHex(licenseId), attempt)).toMatchObject({
        status: 404,
        body: { code: 'license-unknown' },
      });
    // Signed by one chip, and said to be of another that was met.
    const { thumbprint } = met;
    const forged = await unknownReceipt(stranger, licenseId, { thumbprint });
    await authority.postReceipt(opened, toHex(licenseId), { receipt: forged.receipt });
    expect(await alarms()).toEqual([]);
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('raises one alarm for a certified chip, however often it comes, and an acknowledgement ends it', async () => {
    const chip = await authority.chip();
    const { licenseId, receipt } = await unknownReceipt(chip);
    const { certificate } = chip;
    for (let n = 0; n < 60; n++)
      await authority.postReceipt(opened, toHex(licenseId), { receipt, certificate });
    await authority.asOwner('POST', `/v1/jobs/${opened.job}/close`);
    await authority.postReceipt(opened, toHex(licenseId), { receipt, certificate });
    const [alarm, ...more] = await alarms();
    expect(more).toEqual([]);
    expect(alarm).toMatchObject({
      reason: 'receipt-for-unknown-license',
      thumbprint: toHex(chip.thumbprint),
    });
    const failed = await authority.audit();
    expect(failed.findings.map(({ code }) => code)).toEqual(['alarm']);

    const path = `/v1/alarms/${alarm.alarm}/acknowledge`;
    const note = 'restored on Monday';
    expect((await authority.call('POST', path, { token: opened.line, body: { note } })).status).toBe(403);
    expect((await authority.asOwner('POST', path, { note })).body).toMatchObject({
      acknowledged: { note, atMs: authority.nowMs },
    });
    expect((await authority.asOwner('POST', path, { note })).body.code).toBe('alarm-unknown');
    await authority.postReceipt(opened, toHex(licenseId), { receipt, certificate });
    expect(await alarms()).toHaveLength(1);
    const passed = await authority.audit();
    expect(passed.ok).toBe(true);
    expect(passed.notices.map(({ code }) => code)).toContain('alarm-acknowledged');
  });

  it('raises an alarm for a chip that this authority has met, also without its certificate', async () => {
    const chip = await authority.chip();
    await authority.install(opened, chip);
    const { licenseId, receipt } = await unknownReceipt(chip);
    await authority.postReceipt(opened, toHex(licenseId), { receipt });
    expect(await alarms()).toHaveLength(1);
  });
});

describe('a void', () => {
  const voidUnit = (unit: number, reason = 'the socket broke it') =>
    authority.asOwner('POST', `/v1/jobs/${opened.job}/units/${unit}/void`, { reason });

  it('gives the place of a chip that was never installed to another one, and is on record', async () => {
    opened = await authority.openJob({ quota: 1 });
    await authority.license(opened, await authority.chip());
    const next = await authority.chip();
    expect((await authority.license(opened, next)).body.code).toBe('quota-exhausted');
    expect((await voidUnit(0)).body).toMatchObject({ units: 0, voided: 1, remaining: 1 });
    expect((await authority.install(opened, next)).receipt.status).toBe(200);
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, voided: 1, installed: 1 });
    const { body } = await authority.asOwner('GET', `/v1/jobs/${opened.job}/units`);
    expect(body.units).toMatchObject([
      { unitIndex: 0, voided: { reason: 'the socket broke it', atMs: authority.nowMs } },
      { unitIndex: 1, thumbprint: toHex(next.thumbprint), install: { firmwareVersion: '1.2.3' } },
    ]);
    const { ok, jobs } = await authority.audit();
    expect(ok).toBe(true);
    expect(jobs).toContainEqual(expect.objectContaining({ units: 1, voided: 1, quota: 1 }));
  });

  it('is refused for a unit that is not there, was voided, was proven, or has data of its own', async () => {
    await authority.install(opened, await authority.chip());
    await authority.license(opened, await authority.chip());
    expect((await voidUnit(0)).body).toMatchObject({
      code: 'unit-not-voidable',
      fields: { reason: 'its chip was proven to be installed' },
    });
    expect((await voidUnit(5)).body.fields.reason).toBe('no chip has taken it');
    expect((await voidUnit(1)).status).toBe(200);
    expect((await voidUnit(1)).body.fields.reason).toBe('it was voided before');
    const deviceData = [[crypto.randomBytes(32)]];
    opened = await authority.openJob({ quota: 1, seal: { deviceData: [32] }, deviceData });
    await authority.license(opened, await authority.chip());
    expect((await voidUnit(0)).body.fields.reason).toContain('per-device data');
  });

  it('is contradicted by a receipt of the voided chip: an alarm, and the audit says that the quota is exceeded', async () => {
    opened = await authority.openJob({ quota: 1 });
    const chip = await authority.chip();
    const license = await authority.license(opened, chip);
    await voidUnit(0);
    await authority.install(opened, await authority.chip());
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(fromBase64url(license.body.bundle)!, manifest);
    const receipt = await chip.receipt({ license: held, manifest });
    expect((await authority.postReceipt(opened, license.body.licenseId, { receipt })).status).toBe(200);
    expect((await alarms())[0].reason).toBe('receipt-for-voided-unit');
    const codes = (await authority.audit()).findings.map(({ code }) => code);
    expect(codes.sort()).toEqual(['alarm', 'quota-exceeded']);
  });

  it('is taken back by its own chip when there is room', async () => {
    opened = await authority.openJob({ quota: 1 });
    const chip = await authority.chip();
    await authority.license(opened, chip);
    await voidUnit(0);
    chip.reset();
    expect((await authority.license(opened, chip)).body).toMatchObject({ unitIndex: 0, newUnit: true });
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, voided: 0, remaining: 0 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });
});

describe('a chip that was installed under another job of this authority', () => {
  it('is answered by what that job did: no alarm, no unit, the job named', async () => {
    const first = opened;
    const chip = await authority.chip();
    const { license } = await authority.install(first, chip);
    const second = await authority.openJob();
    const { manifest } = first.sealed;
    const { license: held } = chip.accept(fromBase64url(license.body.bundle)!, manifest);
    const challenge = await authority.challenge(second, 'receipt-challenge');
    const receipt = await chip.receipt({ license: held, manifest, challenge });
    const answer = await authority.postReceipt(second, license.body.licenseId, { receipt, challenge });
    expect(answer).toEqual({
      status: 200,
      body: { accepted: true, outcome: 'PASS', fresh: true, job: first.job },
    });
    expect(await alarms()).toEqual([]);
    expect(await authority.showJob(second.job)).toMatchObject({ units: 0, receipts: 0 });
    expect(await authority.showJob(first.job)).toMatchObject({ units: 1, receipts: 2, installed: 1 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('needs a challenge that this job was given', async () => {
    const chip = await authority.chip();
    const { license } = await authority.install(opened, chip);
    const second = await authority.openJob();
    const { manifest } = opened.sealed;
    const { license: held } = chip.accept(fromBase64url(license.body.bundle)!, manifest);
    const challenge = await authority.challenge(opened, 'receipt-challenge');
    const receipt = await chip.receipt({ license: held, manifest, challenge });
    const answer = await authority.postReceipt(second, license.body.licenseId, { receipt, challenge });
    expect(answer.body.code).toBe('challenge-unknown');
  });
});

describe('what a hello can tell takes no unit', () => {
  it.each<[string, string, Parameters<TestChip['hello']>[1]]>([
    ['a readout level below the one that the package asks for', 'readout-level-too-low', { readoutLevel: 1 }],
    ['an old agent', 'agent-too-old', { readoutLevel: 2, agentVersion: 0 }],
  ])('%s', async (_, code, hello) => {
    opened = await authority.openJob({ quota: 1, seal: { leastReadoutLevel: 2 } });
    const chip = await authority.chip();
    expect((await authority.license(opened, chip, hello)).body.code).toBe(code);
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 0, remaining: 1 });
    expect((await authority.license(opened, await authority.chip(), { readoutLevel: 2 })).status).toBe(200);
  });
});

it('one unit gets no licenses without an end', async () => {
  const chip = await authority.chip();
  const first = await authority.license(opened, chip);
  const [kept] = await authority.store.listLicenses({ jobId: fromHex(opened.job), first: 0, last: 0 });
  // 254 more, as many resets of the chip would bring.
  for (let n = 0; n < 254; n++)
    await authority.store.insertLicense(
      { ...kept!, licenseId: crypto.randomBytes(16), nonce: crypto.randomBytes(16), requestId: `r${n}` },
      { timeMs: authority.nowMs, kind: 'license-issued', fields: {} },
    );
  chip.reset();
  expect((await authority.license(opened, chip)).status).toBe(200);
  chip.reset();
  expect((await authority.license(opened, chip)).body).toMatchObject({
    code: 'licenses-too-many',
    fields: { unit: 0, most: 256 },
  });
  expect(first.status).toBe(200);
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, remaining: 2 });
});
