// Jobs that say themselves what the ledger has to show before a license leaves: the ledger here waits for
// nobody by its settings.

import type { OrderSubject } from '@firmseal/approval';
import { type AuditResult, auditLedger } from '@firmseal/audit';
import { fromBase64url, fromHex, toBase64url } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { encodeLedgerPolicy, formatNoteKey, type NoteKey } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { licenseDigestOf, verifyLicenseProof } from '@firmseal/license';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyProduct } from '../src/index.ts';
import { TestApprover } from './approver.ts';
import type { OpenedJob, TestAuthority } from './running-authority.ts';
import { TestLedger } from './running-ledger.ts';

let authority: TestAuthority;
let ledger: TestLedger;
const text = (key: NoteKey) => formatNoteKey(crypto, key);
const policyOf = (more: object = {}) => ({
  ...{ log: text(ledger.signer.key), witnesses: [text(ledger.witnessSigner.key)], least: 1, ...more },
});
const open = (more: object = {}) => authority.openJob({ more: { ledgerPolicy: policyOf(more) } });

/** Serves again; `least` of the settings. */
async function restart(least: number): Promise<void> {
  await authority.halt();
  ledger.least = least;
  await authority.run();
}

beforeAll(async () => {
  ({ authority, ledger } = await TestLedger.start());
  await restart(0);
});
afterAll(() => ledger.remove());

function prove({ job }: OpenedJob, body: { bundle: string; proof?: string; unitIndex: number }) {
  const proof = body.proof === undefined ? undefined : fromBase64url(body.proof);
  const digest = licenseDigestOf(crypto, fromBase64url(body.bundle)!);
  const license = { proof, digest, jobId: fromHex(job), unitIndex: body.unitIndex };
  return verifyLicenseProof(crypto, license, ledger.trust);
}

it('a license of such a job leaves with its cosigned proof, one of another job without', async () => {
  const plain = await authority.license(await authority.openJob(), await authority.chip());
  expect(plain.body.proof).toBeUndefined();
  const opened = await open();
  const { body } = await authority.license(opened, await authority.chip());
  expect(prove(opened, body).checkpoint.cosigned).toHaveLength(1);
  expect((await authority.showJob(opened.job)).ledgerPolicy).toEqual(policyOf());
});

it('waits for the witness, also behind a checkpoint that nobody cosigned, and keeps its unit', async () => {
  const opened = await open();
  const plain = await authority.openJob();
  const body = await authority.licenseBody(opened, await authority.chip());
  await ledger.stopWitness();
  expect((await authority.postLicense(opened, body)).body).toMatchObject({
    ...{ code: 'witness-awaited', fields: { found: 0, least: 1 } },
  });
  expect((await authority.license(plain, await authority.chip())).status).toBe(200);
  await authority.ledger.publish();
  expect((await authority.postLicense(opened, body)).body.code).toBe('witness-awaited');
  expect((await authority.showJob(opened.job)).units).toBe(1);
  const unmet = await auditFiles();
  expect([unmet.findings, unmet.notices.map(({ code }) => code)]).toEqual([
    [],
    expect.arrayContaining(['ledger-policy-unmet']),
  ]);

  await ledger.startWitness();
  const { size } = authority.ledger.published;
  const later = await authority.postLicense(opened, body);
  expect(prove(opened, later.body).checkpoint).toMatchObject({ size, cosigned: [{}] });
  expect((await authority.showJob(opened.job)).units).toBe(1);
  expect((await auditFiles()).notices.map(({ code }) => code)).not.toContain('ledger-policy-unmet');
});

function auditFiles(): Promise<AuditResult> {
  const products = new Map([['pump', verifyProduct(crypto, authority.keys)]]);
  return auditLedger(crypto, authority.ledger.folder, {
    ...{ products, ledger: { ...ledger.trust, least: 0 } },
  });
}

it('a policy that the authority cannot meet, or a malformed one, opens no job', async () => {
  const sealed = await authority.owner.seal();
  const files = { header: toBase64url(sealed.header) };
  const contentKeyFile = toBase64url(sealed.contentKeyFile);
  const refusal = async (more: object) =>
    (
      await authority.asOwner('POST', '/v1/jobs', {
        ...{ ...files, contentKeyFile, quota: 1, ledgerPolicy: policyOf(more) },
      })
    ).body;
  const stranger = text(noteSigner('witness', 'witness.example/w2').key);
  const other = text(noteSigner('log', ledger.signer.key.name).key);
  expect(await refusal({ log: other })).toMatchObject({ code: 'job-ledger-unfit' });
  expect(await refusal({ witnesses: [stranger] })).toMatchObject({ code: 'job-ledger-unfit' });
  expect(await refusal({ least: 2 })).toMatchObject({ code: 'ledger-policy-malformed' });
  expect(await refusal({ log: text(ledger.witnessSigner.key) })).toMatchObject({
    code: 'ledger-policy-malformed',
  });
  expect(await refusal({ log: 'nothing' })).toMatchObject({ code: 'note-key-malformed' });
  expect(await refusal({ witnesses: [stranger, ...policyOf().witnesses] })).toMatchObject({ state: 'open' });
});

it('an audit finds a policy that was altered', async () => {
  const opened = await open();
  const lines = await authority.evidence();
  const at = lines.findIndex((line) => line.includes('"kind":"job"') && line.includes(opened.job));
  const row = JSON.parse(lines[at]!);
  expect((await authority.auditLines(lines)).findings).toEqual([]);
  const { ledgerPolicy: _, ...without } = row;
  const [finding] = (await authority.auditLines(lines.with(at, JSON.stringify(without)))).findings;
  expect(finding).toMatchObject({ code: 'row-differs', subject: `job ${opened.job}` });
});

it('an authority that lost its ledger gives such a job nothing', async () => {
  const opened = await open();
  const { openLedger } = authority;
  await authority.halt();
  authority.openLedger = undefined;
  await authority.run();
  expect((await authority.license(opened, await authority.chip())).body.code).toBe('job-ledger-unfit');
  await authority.halt();
  authority.openLedger = openLedger;
  await authority.run();
  expect((await authority.license(opened, await authority.chip())).status).toBe(200);
});

it('approvers sign the policy with the order', async () => {
  const { authority: strict, ledger: own } = await TestLedger.start({ approvers: 1 });
  const ann = await TestApprover.make(strict.owner);
  const texts = { log: text(own.signer.key), witnesses: [text(own.witnessSigner.key)], least: 1 };
  const opened = await strict.openJob({ approve: false, more: { ledgerPolicy: texts } });
  const packages = [opened.sealed.manifest.digest];
  const order: OrderSubject = { kind: 'order', quota: 3, mode: 'session', accepts: [], packages };
  const one = { threshold: 1 };
  expect((await ann.approve(strict, opened.job, order, one)).body).toMatchObject({
    ...{ code: 'approval-wrong', fields: { what: 'order' } },
  });
  const ledgerPolicy = crypto.sha256(encodeLedgerPolicy(crypto, texts));
  await ann.approve(strict, opened.job, { ...order, ledgerPolicy }, one);
  expect((await strict.approveJob(opened.job)).status).toBe(200);
  expect((await strict.license(opened, await strict.chip())).status).toBe(200);
  expect((await strict.audit()).findings).toEqual([]);
  await own.remove();
});
