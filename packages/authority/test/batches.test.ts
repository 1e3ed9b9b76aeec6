// Batches: licenses for chips that are elsewhere, by the records of their personalization, and one signed
// file of them. Callers have a token and HTTP; the chips check what they are given as chips do.

import { concatBytes, fromBase64url, fromHex, toBase64url, toHex } from '@firmseal/bytes';
import { makeIdentityRecord } from '@firmseal/certificate';
import type { KeyPair } from '@firmseal/crypto';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { type BatchFacts, encodeLicenseBatch, openLicenseBatch, signBatchList } from '@firmseal/license';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestChip } from './chip.ts';
import { signerOf } from './owner.ts';
import { type Answer, type OpenedJob, TestAuthority } from './running-authority.ts';
import { TestLedger } from './running-ledger.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.start();
});
afterAll(() => authority.remove());

const month = () => Math.floor(authority.nowMs / 1000) + 30 * 86_400;

async function recordOf(
  chip: TestChip,
  {
    ca = authority.owner.deviceCa,
    level = 2,
    unwraps = 0,
  }: { ca?: KeyPair; level?: 0 | 2; unwraps?: number } = {},
) {
  const challenge = crypto.randomBytes(32);
  const hello = await chip.hello(challenge, { readoutLevel: level, unwraps });
  return makeIdentityRecord(crypto, signerOf(ca), {
    ...{ certificate: chip.certificate, challenge, hello, uniqueId: Uint8Array.of(1) },
    ...{ agentSha256: null, board: '', madeAt: Math.floor(authority.nowMs / 1000) },
  });
}

const ask = (
  { job }: OpenedJob,
  records: readonly Uint8Array[],
  more: { notAfterSeconds?: number; token?: string } = {},
): Promise<Answer> =>
  authority.call('POST', `/v1/jobs/${job}/record-licenses`, {
    token: more.token ?? authority.ownerToken,
    body: {
      records: records.map((one) => toBase64url(one)),
      notAfterSeconds: more.notAfterSeconds ?? month(),
    },
  });

const sign = ({ job }: OpenedJob, licenses: readonly string[], notAfterSeconds = month()): Promise<Answer> =>
  authority.asOwner('POST', `/v1/jobs/${job}/batches`, { licenses, notAfterSeconds });

const standing = (more: Parameters<TestAuthority['openJob']>[0] = {}) =>
  authority.openJob({ mode: 'standing', ...more });

const bytesOf = (text: string) => fromBase64url(text)!;

function open(bytes: Uint8Array) {
  const { product, root } = authority.owner;
  return openLicenseBatch(crypto, { bytes, file: 'a', rootPublicKey: root.publicKey, product });
}

it('chips that nobody asked get licenses that they take, in one file that the root vouches for', async () => {
  const opened = await standing({
    seal: { deviceData: [32] },
    deviceData: [1, 2, 3].map((n) => [new Uint8Array(32).fill(n)]),
  });
  const chips = [await authority.chip(), await authority.chip()];
  const { body } = await ask(opened, await Promise.all(chips.map((chip) => recordOf(chip))));
  expect(body.manifestDigest).toBe(toHex(opened.sealed.manifest.digest));
  const signed = await sign(
    opened,
    body.licenses.map((one: { licenseId: string }) => one.licenseId),
  );
  const bundles = body.licenses.map((one: { bundle: string }) => bytesOf(one.bundle));
  const { list, delegation } = signed.body;
  const file = encodeLicenseBatch({ list: bytesOf(list), delegation: bytesOf(delegation) }, bundles);
  const batch = open(file);
  expect(toHex(batch.jobId)).toBe(opened.job);
  expect(batch.notAfterSeconds).toBe(month());
  const data = chips.map((chip) => {
    const bundle = batch.bundles.get(toHex(chip.thumbprint))!;
    return chip.accept(bundle, opened.sealed.manifest).data;
  });
  // A row of the table each, and never the same.
  expect(data).toEqual([[new Uint8Array(32).fill(1)], [new Uint8Array(32).fill(2)]]);
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 2, licenses: 2 });
  // A receipt that comes back later, and an audit of all of it.
  const [chip] = chips as [TestChip];
  const { license } = chip.accept(batch.bundles.get(toHex(chip.thumbprint))!, opened.sealed.manifest);
  const receipt = await chip.receipt({ license, manifest: opened.sealed.manifest });
  const kept = await authority.postReceipt(opened, toHex(license.terms.licenseId), { receipt });
  expect(kept.body).toMatchObject({ accepted: true, outcome: 'PASS', fresh: false });
  expect((await authority.audit()).findings).toEqual([]);
});

it('the same records again get the same licenses, and a later date another under the same unit', async () => {
  const opened = await standing({ quota: 1 });
  const record = await recordOf(await authority.chip());
  const first = await ask(opened, [record]);
  const again = await ask(opened, [record]);
  expect(first.body.licenses[0].newUnit).toBe(true);
  expect(again.body.licenses[0]).toEqual({ ...first.body.licenses[0], newUnit: false });
  const later = await ask(opened, [record], { notAfterSeconds: month() + 1 });
  expect(later.body.licenses[0]).toMatchObject({ unitIndex: 0, newUnit: false });
  expect(later.body.licenses[0].licenseId).not.toBe(first.body.licenses[0].licenseId);
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 2 });
});

it('a ceiling follows the highest count of unwraps that is known', async () => {
  const opened = await standing();
  const chip = await authority.chip();
  const ceilings: number[] = [];
  for (const unwraps of [0, 5, 0]) {
    const { body } = await ask(opened, [await recordOf(chip, { unwraps })]);
    ceilings.push(
      chip.accept(bytesOf(body.licenses[0].bundle), opened.sealed.manifest).license.terms.ceiling,
    );
  }
  expect(ceilings).toEqual([16, 21, 21]);
  // The license of another job may have been used up, which a record of the personalization cannot show.
  const update = await standing();
  for (const _ of ['asked', 'asked again']) {
    const { body } = await ask(update, [await recordOf(chip)]);
    const { license } = chip.accept(bytesOf(body.licenses[0].bundle), update.sealed.manifest);
    expect(license.terms.ceiling).toBe(37);
  }
});

it('one record that is wrong, and no chip of the request takes a unit', async () => {
  const opened = await standing();
  const good = await recordOf(await authority.chip());
  const stranger = await recordOf(await authority.chip(), { ca: crypto.generateP256() });
  const ofOtherProduct = await recordOf(await authority.chip({ product: 'kettle' }));
  const open0 = await recordOf(await authority.chip(), { level: 0 });
  const unwitnessed = await authority.chip({ origin: { kind: 'unwitnessed', rehearsal: false } });
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [stranger, 'identity-record-signature-invalid'],
    [concatBytes(good, Uint8Array.of(0)), 'identity-record-malformed'],
    [ofOtherProduct, 'certificate-product-wrong'],
    [open0, 'readout-level-too-low'],
    [await recordOf(unwitnessed), 'job-outcome-refused'],
  ];
  for (const [record, code] of cases) {
    const { status, body } = await ask(opened, [good, record]);
    expect([status, body.code, body.fields.record]).toEqual([422, 'batch-record-refused', 2]);
    expect(body.fields.reason).toContain(code);
  }
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 0, licenses: 0 });
});

it('the quota, the mode, the date and the state of the job hold', async () => {
  const opened = await standing({ quota: 1 });
  const records = [await recordOf(await authority.chip()), await recordOf(await authority.chip())];
  expect((await ask(opened, records)).body.code).toBe('quota-exhausted');
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1 });
  expect((await ask(await authority.openJob(), records)).body.code).toBe('job-mode-wrong');
  expect((await ask(await standing({ approve: false }), records)).body.code).toBe('job-not-approved');
  const past = { notAfterSeconds: Math.floor(authority.nowMs / 1000) - 1 };
  expect((await ask(opened, records, past)).body.code).toBe('batch-date-wrong');
});

it('a line cannot ask: a certificate is no secret, and would burn the quota', async () => {
  const opened = await standing();
  const record = await recordOf(await authority.chip());
  expect(await ask(opened, [record], { token: opened.line })).toMatchObject({
    status: 403,
    body: { code: 'token-scope-wrong' },
  });
});

it('only licenses that belong together are signed together', async () => {
  const [opened, other] = [await standing(), await standing()];
  const idsOf = async (job: OpenedJob, until?: number) => {
    const record = await recordOf(await authority.chip());
    const { body } = await ask(job, [record], until === undefined ? {} : { notAfterSeconds: until });
    return body.licenses[0].licenseId as string;
  };
  const [one, strange, long] = [await idsOf(opened), await idsOf(other), await idsOf(opened, month() + 9)];
  for (const ids of [[one, strange], [one, one], [long], ['00'.repeat(16)]])
    expect((await sign(opened, ids)).body.code, ids.join()).toBe('batch-license-unfit');
  expect((await sign(opened, [one])).status).toBe(200);
});

it('a file that was changed, shortened or reassembled is refused, and the fault says which', async () => {
  const opened = await standing();
  const records = [await recordOf(await authority.chip()), await recordOf(await authority.chip())];
  const { body } = await ask(opened, records);
  const ids = body.licenses.map((one: { licenseId: string }) => one.licenseId);
  const bundles: Uint8Array<ArrayBuffer>[] = body.licenses.map((one: { bundle: string }) =>
    bytesOf(one.bundle),
  );
  const signed = (await sign(opened, ids)).body;
  const parts = { list: bytesOf(signed.list), delegation: bytesOf(signed.delegation) };
  const codeOf = (bytes: Uint8Array) => {
    try {
      return open(bytes) && undefined;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(codeOf(encodeLicenseBatch(parts, bundles))).toBeUndefined();
  expect(codeOf(encodeLicenseBatch(parts, bundles.slice(1)))).toBe('batch-altered');
  expect(codeOf(encodeLicenseBatch(parts, bundles.toReversed()))).toBe('batch-altered');
  expect(codeOf(encodeLicenseBatch(parts, bundles).subarray(0, -1))).toBe('batch-malformed');
  const forged = parts.list.slice();
  forged[forged.length - 1]! ^= 1;
  expect(codeOf(encodeLicenseBatch({ ...parts, list: forged }, bundles))).toBe('batch-signature-invalid');
  const stranger = crypto.generateP256();
  const facts: BatchFacts = {
    ...{ batchId: fromHex(signed.batchId), jobId: fromHex(opened.job) },
    ...{ manifestDigest: opened.sealed.manifest.digest, signedAtSeconds: 1, notAfterSeconds: month() },
  };
  const listBy = (key: KeyPair, change: Partial<BatchFacts>, all = bundles) =>
    signBatchList(crypto, { ...facts, ...change, bundles: all }, signerOf(key));
  expect(codeOf(encodeLicenseBatch({ ...parts, list: await listBy(stranger, {}) }, bundles))).toBe(
    'batch-signature-invalid',
  );
  // What the issuer itself would sign by mistake.
  const { issuer } = authority.owner;
  const twice = [bundles[0]!, bundles[0]!];
  for (const [change, all] of [
    [{ jobId: crypto.randomBytes(16) }, bundles],
    [{ manifestDigest: crypto.randomBytes(32) }, bundles],
    [{ notAfterSeconds: month() - 1 }, bundles],
    [{}, twice],
  ] as const)
    expect(codeOf(encodeLicenseBatch({ ...parts, list: await listBy(issuer, change, all) }, all))).toBe(
      'batch-malformed',
    );
});

it('licenses by records wait for the witness of a ledger as others do', async () => {
  await authority.remove();
  const started = await TestLedger.start();
  authority = started.authority;
  const opened = await standing();
  const record = await recordOf(await authority.chip());
  await started.ledger.stopWitness();
  expect(await ask(opened, [record])).toMatchObject({ status: 503, body: { code: 'witness-awaited' } });
  await started.ledger.startWitness();
  const { status, body } = await ask(opened, [record]);
  expect([status, body.licenses.map((one: { newUnit: boolean }) => one.newUnit)]).toEqual([200, [false]]);
  await started.ledger.stopWitness();
});
