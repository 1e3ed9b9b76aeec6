// Attacks L7, L10, G1, G2, I1 and I2: an intruder who holds the database file and drops its triggers, an
// insider with one role, and a line that forges receipts. Where today's defence needs a head that an auditor
// noted, the test shows the outcome without it too.

import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { audit } from '@firmseal/audit';
import { fromBase64url, fromHex, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { emptyHead, type LogHead, type LogRow, nextLogRow } from '@firmseal/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyProduct } from '../src/index.ts';
import { TestChip } from './chip.ts';
import { signerOf } from './owner.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';

let authority: TestAuthority;
let opened: OpenedJob;
let chip: TestChip;
beforeEach(async () => {
  authority = await TestAuthority.start();
  opened = await authority.openJob();
  chip = await authority.chip();
  await authority.install(opened, chip);
});
afterEach(() => authority.remove());

/** SQL as an intruder with the file would run it: triggers gone, foreign keys off. */
function intrude(sql: string, ...values: (string | number | Uint8Array)[]): number {
  const database = new DatabaseSync(authority.path, { enableForeignKeyConstraints: false });
  for (const row of database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all())
    database.exec(`DROP TRIGGER ${Object.values(row)[0]}`);
  const { changes } = database.prepare(sql).run(...values);
  database.close();
  return Number(changes);
}

const codes = (result: { findings: readonly { code: string }[] }) =>
  [...new Set(result.findings.map(({ code }) => code))].sort();

describe('G1: the log or a table is altered', () => {
  it('an untouched database has no finding, and the audit counts issued against proven', async () => {
    await authority.license(opened, await authority.chip());
    expect(await authority.audit()).toMatchObject({
      ok: true,
      findings: [],
      jobs: [
        {
          job: opened.job,
          quota: 3,
          units: 2,
          licenses: 2,
          receipts: 1,
          installed: 1,
          unitsWithoutLicense: 0,
          unitsWithoutReceipt: 1,
        },
      ],
    });
  });

  it.each<[string, string, string[]]>([
    ['an entry is edited', 'UPDATE log SET entry = zeroblob(40) WHERE sequence = 3', ['log-broken']],
    ['an entry is deleted', 'DELETE FROM log WHERE sequence = 4', ['log-broken']],
    [
      'two entries change places',
      'UPDATE log SET sequence = 13 - sequence WHERE sequence >= 6',
      ['log-broken'],
    ],
    ['a salt is changed', 'UPDATE log SET salt = randomblob(32) WHERE sequence = 2', ['log-broken']],
    ['the quota is raised', 'UPDATE jobs SET quota = 1000', ['row-differs']],
    ['an approval is taken back', `UPDATE jobs SET state = 'open'`, ['row-differs']],
    ['the mode is changed', `UPDATE jobs SET mode = 'standing'`, ['row-differs']],
    ['a job is deleted', 'DELETE FROM jobs', ['row-missing']],
    ['a unit is deleted', 'DELETE FROM units', ['row-missing']],
    ['a unit goes to another chip', 'UPDATE units SET thumbprint = randomblob(32)', ['row-missing']],
    ['a license is deleted', 'DELETE FROM licenses', ['row-missing']],
    ['a license is rewritten', 'UPDATE licenses SET bundle = zeroblob(9)', ['license-invalid']],
    ['a license gets another digest', 'UPDATE licenses SET license_digest = randomblob(32)', ['row-differs']],
    ['a receipt is deleted', 'DELETE FROM receipts', ['row-missing']],
    ['a receipt is rewritten', 'UPDATE receipts SET receipt = zeroblob(9)', ['receipt-invalid']],
    ['a stale receipt is called fresh', 'UPDATE receipts SET fresh = 1 - fresh', ['receipt-invalid']],
    ['a certificate is exchanged', 'UPDATE devices SET certificate = zeroblob(9)', ['certificate-invalid']],
    ['a package shows another counter', 'UPDATE packages SET security_counter = 99', ['package-invalid']],
    ['a package is exchanged', 'UPDATE packages SET header = zeroblob(9)', ['package-invalid']],
  ])('%s', async (_, sql, expected) => {
    expect(await authority.audit()).toMatchObject({ ok: true });
    expect(intrude(sql)).toBeGreaterThan(0);
    const result = await authority.audit();
    expect(result.ok).toBe(false);
    expect(codes(result)).toEqual(expect.arrayContaining(expected));
  });

  it('a unit beside the log, for a rogue chip, is found', async () => {
    const rogue = crypto.randomBytes(32);
    intrude('INSERT INTO devices SELECT ?, certificate, first_seen_at_ms FROM devices', rogue);
    intrude('INSERT INTO units SELECT job_id, ?, 1, 0 FROM jobs', rogue);
    const result = await authority.audit();
    expect(codes(result)).toEqual(['certificate-invalid', 'row-unlogged']);
    expect(result.findings[0]!.subject).toContain(toHex(rogue));
  });

  it('a log cut at its end is found by the tables, and with them by the head that was noted', async () => {
    const { head } = await authority.audit();
    intrude('DELETE FROM log WHERE sequence = (SELECT max(sequence) FROM log)');
    expect(codes(await authority.audit())).toEqual(['row-unlogged']);
    intrude('DELETE FROM receipts');
    expect(await authority.audit()).toMatchObject({ ok: true }); // nothing inside the database tells
    expect(codes(await authority.audit(head))).toEqual(['log-shortened']);
  });

  it('a log written again, chain and all, is a fork of the one whose head was noted', async () => {
    const noted = (await authority.audit()).head;
    const rows = await authority.store.readLog(0, 1000);
    const forged: LogRow[] = [];
    for (const { entry } of rows) {
      const previous = { size: forged.length, head: forged.at(-1)?.head ?? emptyHead };
      const row = nextLogRow(crypto, previous, { timeMs: 0, kind: 'alarm', fields: {} });
      const leaf = crypto.sha256(utf8('firmseal/1 log entry'), row.salt, entry);
      forged.push({ ...row, entry, leaf, head: crypto.sha256(previous.head, leaf) });
    }
    for (const { sequence, salt, leaf, head } of forged)
      intrude('UPDATE log SET salt = ?, leaf = ?, head = ? WHERE sequence = ?', salt, leaf, head, sequence);
    expect(await authority.audit()).toMatchObject({ ok: true });
    expect(codes(await authority.audit(noted))).toEqual(['log-forked']);
  });
});

describe('an auditor who trusts only the root', () => {
  it('comes to the same verdict from log and evidence alone', async () => {
    const { body } = await authority.asOwner('POST', '/v1/tokens', { scope: 'auditor', label: 'a' });
    const collect = () => authority.evidence(body.token);
    const trust = verifyProduct(crypto, authority.keys);
    const products = new Map([[trust.product, trust]]);
    const good = await audit(crypto, await collect(), { products });
    expect(good).toMatchObject({ ok: true, jobs: [{ units: 1, receipts: 1 }] });
    const stranger = { ...trust, rootPublicKey: crypto.generateP256().publicKey };
    const other = await audit(crypto, await collect(), { products: new Map([[trust.product, stranger]]) });
    expect(codes(other)).toEqual(['license-invalid', 'package-invalid', 'receipt-invalid']);
    const installed: string[] = [];
    const onInstall = (one: { thumbprint: string }) => installed.push(one.thumbprint);
    await audit(crypto, await collect(), { products, onInstall });
    expect(installed).toEqual([toHex(chip.thumbprint)]);
    intrude('UPDATE jobs SET quota = 1000');
    expect(codes(await audit(crypto, await collect(), { products }))).toEqual(['row-differs']);
  });
});

describe('G2: receipts', () => {
  async function issue(device: TestChip) {
    const license = await authority.license(opened, device);
    const { manifest } = opened.sealed;
    const { license: held } = device.accept(fromBase64url(license.body.bundle)!, manifest);
    return { license: held, manifest, licenseId: license.body.licenseId as string };
  }

  it('forged, altered, or of another chip are refused and not kept', async () => {
    const [a, b] = [await authority.chip(), await authority.chip()];
    const { license: held, manifest, licenseId } = await issue(a);
    const good = await a.receipt({ license: held, manifest });
    const altered = good.slice();
    altered[altered.length - 1]! ^= 1;
    const attempts: [Uint8Array<ArrayBuffer>, string][] = [
      [altered, 'receipt-signature-invalid'],
      [await b.receipt({ license: held, manifest }), 'receipt-signature-invalid'],
      [await a.receipt({ license: held, manifest }, { thumbprint: b.thumbprint }), 'receipt-device-wrong'],
      [
        await a.receipt({ license: held, manifest }, { licenseId: crypto.randomBytes(16) }),
        'receipt-license-wrong',
      ],
      [
        await a.receipt({ license: held, manifest }, { jobId: crypto.randomBytes(16) }),
        'receipt-license-wrong',
      ],
      [
        await a.receipt({ license: held, manifest }, { areas: [crypto.randomBytes(32)] }),
        'receipt-digest-wrong',
      ],
      [
        await a.receipt({ license: held, manifest }, { nonce: crypto.randomBytes(32) }),
        'receipt-challenge-wrong',
      ],
      [
        await a.receipt({ license: held, manifest }, { fresh: true, measured: true }),
        'receipt-challenge-wrong',
      ],
      [await a.receipt({ license: held, manifest }, { result: 'given-up' }), 'receipt-result-bad'],
      [good.slice(1), 'receipt-malformed'],
    ];
    for (const [receipt, code] of attempts)
      expect(await authority.postReceipt(opened, licenseId, { receipt })).toMatchObject({
        status: 422,
        body: { code },
      });
    expect(await authority.showJob(opened.job)).toMatchObject({ receipts: 1 });
    const stored = await authority.postReceipt(opened, licenseId, { receipt: good });
    expect(stored.body).toEqual({ accepted: true, outcome: 'PASS', fresh: false, job: opened.job });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('are fresh only over a challenge that this authority gave for receipts, after the license, not long ago', async () => {
    const early = await authority.challenge(opened, 'receipt-challenge');
    authority.nowMs += 1000;
    chip.reset();
    const { license: held, manifest, licenseId } = await issue(chip);
    for (const challenge of [early, crypto.randomBytes(32), await authority.challenge(opened)]) {
      const receipt = await chip.receipt({ license: held, manifest, challenge });
      const answer = await authority.postReceipt(opened, licenseId, { receipt, challenge });
      expect(answer.body.code).toBe('challenge-unknown');
    }
    const challenge = await authority.challenge(opened, 'receipt-challenge');
    const receipt = await chip.receipt({ license: held, manifest, challenge });
    const stored = { status: 200, body: { accepted: true, outcome: 'PASS', fresh: true, job: opened.job } };
    expect(await authority.postReceipt(opened, licenseId, { receipt, challenge })).toEqual(stored);
    authority.nowMs += 600_001;
    expect(await authority.postReceipt(opened, licenseId, { receipt, challenge })).toEqual(stored);
    expect(await authority.showJob(opened.job)).toMatchObject({ receipts: 2, installed: 1 });
    const late = await authority.challenge(opened, 'receipt-challenge');
    const answer = await chip.receipt({ license: held, manifest, challenge: late });
    authority.nowMs += 600_001;
    const tooLate = await authority.postReceipt(opened, licenseId, { receipt: answer, challenge: late });
    expect(tooLate.status).toBe(409);
  });

  it('for a license that nobody issued raise an alarm that every later audit shows', async () => {
    const { license: held, manifest } = await issue(chip);
    const unknown = crypto.randomBytes(16);
    const receipt = await chip.receipt({ license: held, manifest }, { licenseId: unknown });
    const answer = await authority.postReceipt(opened, toHex(unknown), { receipt });
    expect(answer).toMatchObject({ status: 404, body: { code: 'license-unknown' } });
    const result = await authority.audit();
    expect(codes(result)).toEqual(['alarm']);
    expect(result.findings[0]!.detail).toContain(toHex(unknown));
  });
});

describe('L7: an older database is restored', () => {
  async function restore(): Promise<{
    head: LogHead;
    bundle: string;
    late: TestChip;
  }> {
    const backup = authority.copyFiles('backup.db');
    const late = await authority.chip();
    const license = await authority.license(opened, late);
    const { head } = await authority.audit();
    await authority.halt();
    authority.path = backup;
    await authority.run();
    return { head, bundle: license.body.bundle, late };
  }

  it('is not seen by itself and gives its units a second time: the danger that the operating page names', async () => {
    await restore();
    expect(await authority.audit()).toMatchObject({ ok: true });
    const answers = [
      await authority.license(opened, await authority.chip()),
      await authority.license(opened, await authority.chip()),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]); // with the lost one: four chips on a quota of three
  });

  it('is found by an audit with a head noted before', async () => {
    const { head } = await restore();
    expect(codes(await authority.audit(head))).toEqual(['log-shortened']);
    for (let n = 0; n < 2; n++) await authority.license(opened, await authority.chip());
    expect(codes(await authority.audit(head))).toEqual(['log-forked']);
  });

  it('is found when a receipt of a lost license comes in', async () => {
    const { bundle, late } = await restore();
    const { manifest } = opened.sealed;
    const { license: held } = late.accept(fromBase64url(bundle)!, manifest);
    const receipt = await late.receipt({ license: held, manifest });
    const { certificate } = late;
    const answer = await authority.postReceipt(opened, toHex(held.terms.licenseId), { receipt, certificate });
    expect(answer.body.code).toBe('license-unknown');
    expect(codes(await authority.audit())).toEqual(['alarm']);
  });
});

describe('L10: the database is stolen', () => {
  it('holds no content key, no token and no per-device data in the clear', async () => {
    const secret = crypto.randomBytes(32);
    const other = await authority.openJob({ quota: 1, seal: { deviceData: [32] }, deviceData: [[secret]] });
    const device = await authority.chip();
    const license = await authority.license(other, device);
    const accepted = device.accept(fromBase64url(license.body.bundle)!, other.sealed.manifest);
    expect(accepted.data).toEqual([secret]);
    expect(accepted.contentKey).toEqual(other.sealed.contentKey);
    const files = ['', '-wal'].map((suffix) => readFileSync(authority.path + suffix));
    const holds = (bytes: Uint8Array) => files.some((file) => file.includes(Buffer.from(bytes)));
    expect(holds(utf8('pump'))).toBe(true); // the search finds what is there
    expect(holds(device.thumbprint)).toBe(true);
    for (const token of [authority.ownerToken, opened.line, other.line]) {
      expect(holds(utf8(token))).toBe(false);
      expect(holds(utf8(token.slice(4)))).toBe(false);
      expect(holds(fromBase64url(token.slice(4))!)).toBe(false);
    }
    for (const key of [
      secret,
      other.sealed.contentKey,
      opened.sealed.contentKey,
      authority.owner.kem.privateKey,
    ])
      expect(holds(key)).toBe(false);
  });
});

describe('I2: an insider at the authority certifies a chip of his own', () => {
  it('cannot with the issuer key, and an authority given one key for both roles does not start', async () => {
    const { owner, keys } = authority;
    const rogue = await TestChip.make(owner, { ca: owner.issuer });
    expect((await authority.license(opened, rogue)).body.code).toBe('certificate-signature-invalid');
    const both = await owner.delegate('device-ca', owner.issuer.publicKey);
    expect(() => verifyProduct(crypto, { ...keys, deviceCaDelegations: [both] })).toThrow(
      expect.objectContaining({ code: 'issuer-key-not-separate' }),
    );
  });

  it('is found by the audit when he writes his chip and its license into the tables', async () => {
    const rogue = await TestChip.make(authority.owner, { ca: authority.owner.issuer });
    const { thumbprint, certificate } = rogue;
    const [jobId, atMs] = [fromHex(opened.job), authority.nowMs];
    await authority.store.takeUnit({
      ...{ jobId, thumbprint, certificate, atMs },
      event: (unit, kind) => ({ timeMs: atMs, kind, fields: { job: jobId, thumbprint, unit } }),
    });
    expect(codes(await authority.audit())).toEqual(['certificate-invalid']);
  });
});

describe('configuration', () => {
  it('with delegations that are wrong, revoked or of another key does not start', async () => {
    const { owner, keys } = authority;
    const stranger = crypto.generateP256();
    const variants: [Partial<typeof keys>, string][] = [
      [{ issuer: signerOf(stranger) }, 'issuer-key-not-delegated'],
      [{ rootPublicKey: stranger.publicKey }, 'delegation-signature-invalid'],
      [
        { issuerDelegation: await owner.delegate('device-ca', owner.issuer.publicKey) },
        'delegation-role-wrong',
      ],
      [
        { deviceCaDelegations: [await owner.delegate('approver', owner.deviceCa.publicKey)] },
        'delegation-role-wrong',
      ],
      [{ product: 'fan' }, 'delegation-product-wrong'],
      [{ epochStatement: await owner.epochStatement(1) }, 'delegation-revoked'],
    ];
    for (const [change, code] of variants)
      expect(() => verifyProduct(crypto, { ...keys, ...change })).toThrow(expect.objectContaining({ code }));
    expect(verifyProduct(crypto, keys).epoch).toBe(0);
  });
});
