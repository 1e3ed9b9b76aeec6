// Approvals by k of n over HTTP: a license waits for them, each fault has its code, and an audit by the
// owner's own keys counts them again, whatever the authority did.

import { DatabaseSync } from 'node:sqlite';
import type { OrderSubject, Subject } from '@firmseal/approval';
import type { AuditResult } from '@firmseal/audit';
import { fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyProduct } from '../src/index.ts';
import { TestApprover } from './approver.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
let [ann, ben]: [TestApprover, TestApprover] = [] as never;
beforeAll(async () => {
  authority = await TestAuthority.start({ approvers: 2 });
  ann = await TestApprover.make(authority.owner);
  ben = await TestApprover.make(authority.owner);
});
afterAll(() => authority.remove());

const orderOf = (opened: OpenedJob, more: Partial<OrderSubject> = {}): OrderSubject => ({
  ...{ kind: 'order', quota: 3, mode: 'session', accepts: [], packages: [opened.sealed.manifest.digest] },
  ...more,
});
const open = (quota = 3) => authority.openJob({ approve: false, quota });
const approveJob = (job: string) => authority.asOwner('POST', `/v1/jobs/${job}/approve`);
/** Signed by both, and opened by the owner. */
async function openApproved(quota = 3): Promise<OpenedJob> {
  const opened = await open(quota);
  for (const one of [ann, ben]) await one.approve(authority, opened.job, orderOf(opened, { quota }));
  expect((await approveJob(opened.job)).status).toBe(200);
  return opened;
}
const codesOf = ({ findings }: AuditResult) => [...new Set(findings.map(({ code }) => code))];

describe('an order', () => {
  it('waits for the second approver', async () => {
    const opened = await open();
    expect((await approveJob(opened.job)).body).toMatchObject({
      ...{ code: 'approvals-missing', fields: { given: 0, needed: 2 } },
    });
    expect((await ann.approve(authority, opened.job, orderOf(opened))).body).toEqual({
      ...{ kind: 'order', given: 1, needed: 2 },
    });
    expect((await approveJob(opened.job)).body).toMatchObject({
      ...{ code: 'approvals-missing', fields: { given: 1 } },
    });
    expect((await ben.approve(authority, opened.job, orderOf(opened))).body.given).toBe(2);
    expect((await approveJob(opened.job)).body).toMatchObject({ state: 'approved', approvalsNeeded: 2 });
    expect((await authority.license(opened, await authority.chip())).status).toBe(200);
    const { approvals } = await authority.showJob(opened.job);
    expect(approvals).toMatchObject([{ kind: 'order', counts: true }, { counts: true }]);
    expect(new Set(approvals.map((one: { approver: string }) => one.approver)).size).toBe(2);
  });

  it('still shows who signed it after more approvals than are shown', async () => {
    const { job } = await openApproved();
    for (let i = 0; i < 70; i++) {
      const ended = { validUntilSeconds: Math.floor(authority.nowMs / 1000) };
      expect((await ann.approve(authority, job, { kind: 'close' }, ended)).status).toBe(200);
      authority.nowMs += 1000;
    }
    const { approvals } = await authority.showJob(job);
    expect(approvals).toHaveLength(64);
    expect(approvals.slice(0, 3)).toMatchObject([
      { kind: 'order', counts: true },
      { kind: 'order', counts: true },
      { kind: 'close', counts: false },
    ]);
  });

  it('is refused when it is not the job, of another product, repeated, or by a stranger', async () => {
    const opened = await open();
    const { job } = opened;
    const refusal = async (who: TestApprover, subject: Subject, more = {}) =>
      (await who.approve(authority, job, subject, more)).body;
    const order = orderOf(opened);
    const other = [new Uint8Array(32)];
    expect(await refusal(ann, { ...order, quota: 4 })).toMatchObject({ fields: { what: 'order' } });
    expect(await refusal(ann, { ...order, mode: 'standing' })).toMatchObject({ fields: { what: 'order' } });
    expect(await refusal(ann, { ...order, accepts: ['ENROLLED'] })).toMatchObject({ code: 'approval-wrong' });
    expect(await refusal(ann, { ...order, packages: other })).toMatchObject({ fields: { what: 'package' } });
    expect(await refusal(ann, order, { threshold: 1 })).toMatchObject({ code: 'approval-wrong' });
    expect(await refusal(ann, order, { product: 'valve' })).toMatchObject({ fields: { what: 'product' } });
    expect(await refusal(ann, order, { job: '1'.repeat(32) })).toMatchObject({ code: 'job-unknown' });
    const ended = { validUntilSeconds: Math.floor(authority.nowMs / 1000) };
    expect(await refusal(ann, order, ended)).toMatchObject({ given: 1 });
    authority.nowMs += 1000;
    const past = { ...ended, issuedAtSeconds: 0 };
    expect(await refusal(ben, order, past)).toMatchObject({ code: 'approval-expired' });
    expect(await refusal(ann, order)).toMatchObject({ given: 1 });
    expect(await refusal(ann, order, { validUntilSeconds: 1_900_000_000 })).toMatchObject({
      code: 'approval-repeated',
    });
    const stranger = await TestApprover.make(authority.owner, { product: 'valve' });
    expect(await refusal(stranger, order)).toMatchObject({ code: 'delegation-product-wrong' });
    expect((await approveJob(job)).body.code).toBe('approval-expired');
  });

  it('that ended is refused when a license is asked for', async () => {
    const opened = await openApproved();
    authority.nowMs += 1_001_000;
    const asked = async () => (await authority.license(opened, await authority.chip())).body;
    expect(await asked()).toMatchObject({ code: 'approval-expired' });
    for (const one of [ann, ben]) await one.approve(authority, opened.job, orderOf(opened));
    expect(await asked()).toMatchObject({ newUnit: true });
  });

  it('covers a package that was added only once that is approved too', async () => {
    const opened = await openApproved();
    const { job } = opened;
    const { owner } = authority;
    const more = await owner.seal({ securityCounter: 6 });
    const files = { header: toBase64url(more.header), contentKeyFile: toBase64url(more.contentKeyFile) };
    await authority.asOwner('POST', `/v1/jobs/${job}/packages`, files);
    expect((await approveJob(job)).body.code).toBe('approvals-missing');
    const subject = { kind: 'package' as const, manifestDigest: more.manifest.digest };
    await ann.approve(authority, job, subject);
    expect((await approveJob(job)).body.code).toBe('approvals-missing');
    expect((await authority.license(opened, await authority.chip())).status).toBe(200);
    await ben.approve(authority, job, subject);
    expect((await approveJob(job)).status).toBe(200);
    const body = await authority.licenseBody(opened, await authority.chip());
    const asked = { ...body, manifestDigest: toHex(more.manifest.digest) };
    expect((await authority.postLicense(opened, asked)).status).toBe(200);
  });

  it('counts no more after an older database was put back, until it is signed again', async () => {
    const restored = await TestAuthority.start({ approvers: 2 });
    const both = [await TestApprover.make(restored.owner), await TestApprover.make(restored.owner)];
    const opened = await restored.openJob({ approve: false });
    const approve = () => restored.asOwner('POST', `/v1/jobs/${opened.job}/approve`);
    for (const one of both) await one.approve(restored, opened.job, orderOf(opened));
    await approve();
    expect((await restored.license(opened, await restored.chip())).status).toBe(200);
    const { size } = await restored.store.logHead();
    const fields = { known: size + 4, size, by: 'local' };
    await restored.store.suspendAll(restored.nowMs, {
      ...{ timeMs: restored.nowMs, kind: 'database-restored', fields },
    });
    await restored.newOwnerToken();
    const line = await restored.newLine(opened);
    expect((await approve()).body.code).toBe('approvals-missing');
    restored.nowMs += 1000;
    await both[0]!.approve(restored, opened.job, orderOf(opened));
    expect((await approve()).body).toMatchObject({ code: 'approvals-missing', fields: { given: 1 } });
    await both[1]!.approve(restored, opened.job, orderOf(opened));
    expect((await approve()).status).toBe(200);
    expect((await restored.license(line, await restored.chip())).status).toBe(200);
    // Its one finding is that no root signed the restore itself.
    expect(codesOf(await restored.audit())).toEqual(['restore-unsigned']);
    await restored.remove();
  });

  it('ends with its date', async () => {
    const sealed = await authority.owner.seal();
    const validUntilMs = authority.nowMs + 60_500;
    const { body } = await authority.asOwner('POST', '/v1/jobs', {
      header: toBase64url(sealed.header),
      contentKeyFile: toBase64url(sealed.contentKeyFile),
      ...{ quota: 3, validUntilMs },
    });
    const { token, tokenId } = await authority.lineToken(body.job);
    const opened = { job: body.job, line: token, lineTokenId: tokenId, sealed };
    const refused = await ann.approve(authority, body.job, orderOf(opened));
    expect(refused.body).toMatchObject({ code: 'approval-wrong', fields: { what: 'order' } });
    const order = orderOf(opened, { validUntilSeconds: Math.floor(validUntilMs / 1000) });
    for (const one of [ann, ben]) await one.approve(authority, body.job, order);
    await approveJob(body.job);
    expect((await authority.license(opened, await authority.chip())).status).toBe(200);
    authority.nowMs += 61_000;
    expect((await authority.license(opened, await authority.chip())).body.code).toBe('job-expired');
  });
});

describe('voids, acknowledgements and the end of a job', () => {
  it('wait for approvers who signed the same reason', async () => {
    const opened = await openApproved();
    const { job } = opened;
    const chip = await authority.chip();
    await authority.license(opened, chip);
    const voidUnit = (reason: string) =>
      authority.asOwner('POST', `/v1/jobs/${job}/units/0/void`, { reason });
    const subject = { kind: 'void' as const, unitIndex: 0, thumbprint: chip.thumbprint, reason: 'broken' };
    expect((await voidUnit('broken')).body.code).toBe('approvals-missing');
    const elsewhere = { ...subject, unitIndex: 1 };
    expect((await ann.approve(authority, job, elsewhere)).body).toMatchObject({ fields: { what: 'unit' } });
    await ann.approve(authority, job, subject);
    await ben.approve(authority, job, { ...subject, reason: 'lost' });
    expect((await voidUnit('broken')).body.code).toBe('approvals-missing');
    await ben.approve(authority, job, subject);
    expect((await voidUnit('broken')).body.voided).toBe(1);
  });

  it('leave a certificate of what was issued', async () => {
    const opened = await openApproved();
    const { job } = opened;
    await authority.install(opened, await authority.chip());
    await authority.license(opened, await authority.chip());
    const close = () => authority.asOwner('POST', `/v1/jobs/${job}/close`);
    expect((await close()).body.code).toBe('approvals-missing');
    expect((await authority.asOwner('GET', `/v1/jobs/${job}/end`)).body.code).toBe('job-end-missing');
    for (const one of [ann, ben]) await one.approve(authority, job, { kind: 'close' });
    expect((await close()).body.state).toBe('closed');
    const end = await authority.asOwner('GET', `/v1/jobs/${job}/end`);
    expect(end.status).toBe(200);
    expect((await ann.approve(authority, job, { kind: 'close' })).body.given).toBe(2);
    const summary = await authority.audit();
    expect(summary.findings).toEqual([]);
  });

  it('acknowledge exactly one alarm', async () => {
    const opened = await openApproved();
    const { job, sealed } = opened;
    const chip = await authority.chip();
    const license = await authority.license(opened, chip);
    const { license: held } = chip.accept(authority.bundleOf(license), sealed.manifest);
    const forged = { ...held, terms: { ...held.terms, licenseId: crypto.randomBytes(16) } };
    const receipt = await chip.receipt({ license: forged, manifest: sealed.manifest });
    await authority.postReceipt(opened, toHex(forged.terms.licenseId), { receipt });
    const [alarm] = (await authority.asOwner('GET', '/v1/alarms')).body.alarms;
    const note = 'a drill';
    const acknowledge = () => authority.asOwner('POST', `/v1/alarms/${alarm.alarm}/acknowledge`, { note });
    expect((await acknowledge()).body.code).toBe('approvals-missing');
    const subject = {
      ...{ kind: 'acknowledgement' as const, alarm: alarm.alarm, licenseId: fromHex(alarm.license) },
      ...{ thumbprint: fromHex(alarm.thumbprint), alarmReason: alarm.reason, note },
    };
    for (const one of [ann, ben]) await one.approve(authority, job, subject);
    expect((await acknowledge()).body.acknowledged.note).toBe(note);
    expect((await authority.audit()).findings).toEqual([]);
  });
});

describe('an audit', () => {
  it('finds an authority that asks nobody, or fewer than the root says', async () => {
    const rogue = await TestAuthority.start();
    const policy = await rogue.owner.approvalPolicy(2);
    const honest = { ...rogue.keys, approvalPolicyObject: policy };
    // The build that skips the check: it knows no policy, and an owner's token is enough for it.
    const opened = await rogue.openJob({ quota: 3 });
    const chip = await rogue.chip();
    expect((await rogue.license(opened, chip)).status).toBe(200);
    await rogue.asOwner('POST', `/v1/jobs/${opened.job}/units/0/void`, { reason: 'broken' });
    await rogue.asOwner('POST', `/v1/jobs/${opened.job}/close`);
    expect((await rogue.audit()).ok).toBe(true);
    const lines = await rogue.evidence();
    rogue.keys = honest;
    const found = await rogue.auditLines(lines);
    expect(codesOf(found)).toEqual(['approval-missing']);
    expect(found.findings.map(({ subject }) => subject.split(' ').slice(0, 2).join(' '))).toEqual([
      ...['license', 'license'].map((word) => `${word} ${found.findings[0]!.subject.split(' ')[1]}`),
      ...['the void', 'the close'],
    ]);
    await rogue.remove();
  });

  it('finds one that says that one approver is enough', async () => {
    const rogue = await TestAuthority.start({ approvers: 1 });
    const alone = await TestApprover.make(rogue.owner);
    const opened = await rogue.openJob({ approve: false });
    await alone.approve(rogue, opened.job, orderOf(opened), { threshold: 1 });
    expect((await rogue.asOwner('POST', `/v1/jobs/${opened.job}/approve`)).status).toBe(200);
    expect((await rogue.license(opened, await rogue.chip())).status).toBe(200);
    expect((await rogue.audit()).ok).toBe(true);
    const lines = await rogue.evidence();
    rogue.keys = { ...rogue.keys, approvalPolicyObject: await rogue.owner.approvalPolicy(2, 2) };
    expect(codesOf(await rogue.auditLines(lines))).toEqual(['approval-missing']);
    await rogue.remove();
  });

  it('names an approval that was altered, and one that the log does not tell of', async () => {
    const opened = await openApproved();
    expect((await authority.license(opened, await authority.chip())).status).toBe(200);
    const lines = await authority.evidence();
    expect((await authority.auditLines(lines)).findings).toEqual([]);
    const at = lines.findLastIndex((line) => line.includes('"kind":"approval"'));
    const row = JSON.parse(lines[at]!);
    const flipped = row.approval.replace(/.$/, (last: string) => (last === 'A' ? 'Q' : 'A'));
    const altered = lines.with(at, JSON.stringify({ ...row, approval: flipped }));
    expect(codesOf(await authority.auditLines(altered))).toContain('approval-invalid');
    const without = lines.toSpliced(at, 1);
    expect(codesOf(await authority.auditLines(without))).toContain('row-missing');
  });

  it('counts the approvals that are counted at issue: a row that was put in by hand helps nobody', async () => {
    const opened = await open();
    await ann.approve(authority, opened.job, orderOf(opened));
    const twice = await ann.sign(opened.job, orderOf(opened), authority.nowMs + 1000);
    const database = new DatabaseSync(authority.path);
    database
      .prepare(
        'INSERT INTO approvals (approval_digest, job_id, approval, delegation, stored_at_ms) VALUES (?, ?, ?, ?, ?)',
      )
      .run(crypto.randomBytes(32), fromHex(opened.job), twice, ann.delegation, authority.nowMs);
    database.prepare(`UPDATE jobs SET state = 'approved' WHERE job_id = ?`).run(fromHex(opened.job));
    database.prepare('UPDATE packages SET approved = 1 WHERE job_id = ?').run(fromHex(opened.job));
    database.close();
    const asked = await authority.license(opened, await authority.chip());
    expect(asked.body).toMatchObject({ code: 'approval-repeated' });
    expect((await authority.showJob(opened.job)).units).toBe(0);
  });
});

it('knows its policy by the root alone', async () => {
  const policy = await authority.owner.approvalPolicy(2);
  const altered = policy.with(policy.length - 1, policy.at(-1)! ^ 1);
  expect(() => verifyProduct(crypto, { ...authority.keys, approvalPolicyObject: altered })).toThrow(
    /approval policy/,
  );
});
