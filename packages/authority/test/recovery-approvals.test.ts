// Recoveries of a product whose root asks for two approvers: a recovery is logged when both
// signed exactly its floors, and an audit by the owner's own keys counts again, from the
// evidence and from the ledger's files.

import type { RecoverySubject } from '@firmseal/approval';
import { type AuditResult, auditLedger } from '@firmseal/audit';
import { toBase64url, toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { encodeRecoveryBundle, makeRecoveryStatement } from '@firmseal/formats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyProduct } from '../src/index.ts';
import { TestApprover } from './approver.ts';
import type { TestChip } from './chip.ts';
import { signerOf } from './owner.ts';
import { type Answer, TestAuthority } from './running-authority.ts';
import { TestLedger } from './running-ledger.ts';

let authority: TestAuthority;
let ledger: TestLedger;
let [ann, ben]: [TestApprover, TestApprover] = [] as never;
beforeAll(async () => {
  ({ authority, ledger } = await TestLedger.start({ approvers: 2 }));
  ann = await TestApprover.make(authority.owner);
  ben = await TestApprover.make(authority.owner);
});
afterAll(() => ledger.remove());

const noJob = '0'.repeat(32);
const subjectOf = ({ thumbprint }: TestChip, more: Partial<RecoverySubject> = {}): RecoverySubject => ({
  ...{ kind: 'recovery', thumbprint, securityCounter: 9, unwraps: 16, ...more },
});

async function record(by: TestAuthority, chip: TestChip): Promise<Answer> {
  const hello = await chip.hello(crypto.randomBytes(32));
  const { thumbprint, nonce } = chip;
  const statement = { thumbprint, nonce, securityCounter: 9, epoch: 0, unwraps: 16 };
  const signed = await makeRecoveryStatement(crypto, signerOf(by.owner.root), statement);
  return by.asOwner('POST', '/v1/recoveries', {
    product: 'pump',
    certificate: toBase64url(chip.certificate),
    hello: toBase64url(hello),
    bundle: toBase64url(encodeRecoveryBundle({ statement: signed, successions: [] })),
  });
}
const floorOf = async ({ thumbprint }: TestChip) =>
  (await authority.asOwner('GET', `/v1/devices/${toHex(thumbprint)}/recovery-floor?product=pump`)).body;
const codesOf = ({ findings }: AuditResult) => [...new Set(findings.map(({ code }) => code))];

it('a recovery is logged when both approvers signed exactly its floors', async () => {
  const chip = await authority.chip();
  const missing = {
    code: 'recovery-approvals-missing',
    fields: { needed: 2, device: toHex(chip.thumbprint) },
  };
  expect((await record(authority, chip)).body).toMatchObject(missing);
  expect((await ann.approve(authority, noJob, subjectOf(chip))).body).toEqual({
    ...{ kind: 'recovery', given: 1, needed: 2 },
  });
  await ben.approve(authority, noJob, subjectOf(chip, { securityCounter: 10 }));
  await ben.approve(authority, noJob, subjectOf(await authority.chip()));
  const { size } = await authority.store.logHead();
  expect((await record(authority, chip)).body).toMatchObject({ ...missing, fields: { given: 1 } });
  expect((await authority.store.logHead()).size).toBe(size);
  expect(await floorOf(chip)).toMatchObject({
    approvalsNeeded: 2,
    approvals: [
      { securityCounter: 10, given: 1 },
      { securityCounter: 9, unwraps: 16, given: 1 },
    ],
  });
  await ben.approve(authority, noJob, subjectOf(chip));
  expect((await record(authority, chip)).status).toBe(200);
  expect((await authority.audit()).findings).toEqual([]);
});

it('an approval that does not count is refused: expired, of another product, repeated, of a job', async () => {
  const chip = await authority.chip();
  const given = async (who: TestApprover, more: object = {}, subject = subjectOf(chip)) =>
    (await who.approve(authority, noJob, subject, more)).body;
  expect(await given(ann, { validUntilSeconds: 5, issuedAtSeconds: 0 })).toMatchObject({
    code: 'approval-expired',
  });
  expect(await given(ann, { product: 'valve' })).toMatchObject({ code: 'product-not-served' });
  expect(await given(ann, { threshold: 1 })).toMatchObject({ code: 'approval-wrong' });
  expect(await given(await TestApprover.make(authority.owner, { product: 'valve' }))).toMatchObject({
    code: 'delegation-product-wrong',
  });
  expect(await given(ann)).toMatchObject({ given: 1 });
  authority.nowMs += 1000;
  expect(await given(ann)).toMatchObject({ code: 'approval-repeated' });
  expect((await record(authority, chip)).body).toMatchObject({ fields: { given: 1, needed: 2 } });
  expect(await given(ben, { validUntilSeconds: Math.floor(authority.nowMs / 1000) })).toMatchObject({
    given: 2,
  });
  authority.nowMs += 2000;
  expect((await record(authority, chip)).body.code).toBe('approval-expired');
});

it('nobody approves floors below what was licensed', async () => {
  const chip = await authority.chip();
  const opened = await authority.openJob({ approve: false, seal: { securityCounter: 9 } });
  const order = { kind: 'order', quota: 3, mode: 'session', accepts: [] } as const;
  for (const one of [ann, ben])
    await one.approve(authority, opened.job, { ...order, packages: [opened.sealed.manifest.digest] });
  await authority.approveJob(opened.job);
  await authority.install(opened, chip);
  const below = await ann.approve(authority, noJob, subjectOf(chip, { securityCounter: 8 }));
  expect(below.body.code).toBe('recovery-below-licensed');
});

it('an audit names a recovery without its approvals, and an approval that was altered or taken out', async () => {
  const lines = await authority.evidence();
  const at = lines.findIndex((line) => line.includes('"kind":"approval"') && line.includes(noJob));
  const row = JSON.parse(lines[at]!);
  const flipped = row.approval.replace(/.$/, (last: string) => (last === 'A' ? 'Q' : 'A'));
  const altered = await authority.auditLines(lines.with(at, JSON.stringify({ ...row, approval: flipped })));
  expect(codesOf(altered).sort()).toEqual(['approval-invalid', 'approval-missing']);
  const without = await authority.auditLines(lines.toSpliced(at, 1));
  expect(codesOf(without)).toContain('row-missing');
  expect(codesOf(await authority.auditLines(lines.toSpliced(at, 0, lines[at]!)))).toContain('row-unlogged');

  const rogue = await TestAuthority.start();
  expect((await record(rogue, await rogue.chip())).status).toBe(200);
  expect((await rogue.audit()).ok).toBe(true);
  rogue.keys = { ...rogue.keys, approvalPolicyObject: await rogue.owner.approvalPolicy(2) };
  const [finding, ...more] = (await rogue.audit()).findings;
  expect(finding).toMatchObject({ code: 'approval-missing', subject: 'the recovery of entry 1' });
  expect(more).toEqual([]);
  await rogue.remove();
});

it("the ledger's files alone tell of the approvals", async () => {
  await authority.ledger.publish();
  const trust = verifyProduct(crypto, authority.keys);
  const options = { products: new Map([['pump', trust]]), ledger: ledger.trust };
  expect((await auditLedger(crypto, authority.ledger.folder, options)).findings).toEqual([]);
});
