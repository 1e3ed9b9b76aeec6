// The ledger of an authority that waits for its witness: what leaves with a license, what happens while the
// witness is away, after kills, and with databases that are not the newest one.

import { join } from 'node:path';
import { AuthorityClient, accessForJob, demandProofs } from '@firmseal/authority-client';
import { fromBase64url, fromHex, Secret, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { TileTree, tilePath, verifyCheckpoint } from '@firmseal/ledger';
import { noteSigner } from '@firmseal/ledger/testing';
import { licenseDigestOf, verifyLicenseProof } from '@firmseal/license';
import { systemClock } from '@firmseal/link';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenedJob, TestAuthority } from './running-authority.ts';
import { TestLedger } from './running-ledger.ts';

let authority: TestAuthority;
let ledger: TestLedger;
beforeEach(async () => {
  ({ authority, ledger } = await TestLedger.start());
});
afterEach(() => ledger.remove());

const get = (path: string, token?: string) =>
  fetch(`${authority.url}/v1/ledger/${path}`, token ? { headers: { Authorization: `Bearer ${token}` } } : {});

/** What a line checks of an answer. */
function prove(
  opened: OpenedJob,
  body: { bundle: string; proof?: string; unitIndex: number },
  trust = ledger.trust,
) {
  const proof = body.proof === undefined ? undefined : fromBase64url(body.proof);
  const digest = licenseDigestOf(crypto, fromBase64url(body.bundle)!);
  const { unitIndex } = body;
  return verifyLicenseProof(crypto, { proof, digest, jobId: fromHex(opened.job), unitIndex }, trust);
}

describe('a license', () => {
  it('leaves with the proof of its entry, cosigned', async () => {
    const opened = await authority.openJob();
    const { status, body } = await authority.license(opened, await authority.chip());
    expect(status).toBe(200);
    const entry = prove(opened, body);
    expect(entry.checkpoint.cosigned).toMatchObject([{ name: 'witness.example/w1' }]);
    expect(entry.checkpoint.size).toBeGreaterThan(entry.index);
    const other = await authority.license(opened, await authority.chip());
    expect(() => prove(opened, { ...other.body, proof: body.proof })).toThrow(
      expect.objectContaining({ code: 'ledger-entry-wrong' }),
    );
    expect(() => prove(opened, { ...body, unitIndex: 7 })).toThrow(/another unit/);
    for (const [code, trust] of [
      ['checkpoint-unsigned', { log: noteSigner('log', ledger.signer.key.name).key }],
      ['checkpoint-of-another-log', { log: noteSigner('log', 'else.example').key }],
      ['cosignatures-too-few', { witnesses: [noteSigner('witness', 'witness.example/w1').key] }],
      ['cosignatures-too-few', { least: 2 }],
    ] as const)
      expect(() => prove(opened, body, { ...ledger.trust, ...trust })).toThrow(
        expect.objectContaining({ code }),
      );
  });

  it('is refused by a line that asks for proofs, from an authority that gives none', async () => {
    const opened = await authority.openJob();
    const client = new AuthorityClient({
      ...{ address: authority.url, token: new Secret(utf8(opened.line)), clock: systemClock, attempts: 1 },
    });
    const access = demandProofs(accessForJob(client, fromHex(opened.job)), {
      ...{ crypto, job: fromHex(opened.job), trust: ledger.trust },
    });
    const ask = async () => {
      const { hello, certificate, challenge, requestId } = await authority.licenseBody(
        opened,
        await authority.chip(),
      );
      return access.issueLicense({
        ...{ hello: fromBase64url(hello!)!, certificate: fromBase64url(certificate!)! },
        ...{ challenge: fromHex(challenge!), requestId: requestId! },
      });
    };
    expect((await ask()).proof).toBeDefined();
    await authority.halt();
    authority.openLedger = undefined;
    await authority.run();
    const again = new AuthorityClient({
      ...{ address: authority.url, token: new Secret(utf8(opened.line)), clock: systemClock, attempts: 1 },
    });
    Object.assign(
      access,
      demandProofs(accessForJob(again, fromHex(opened.job)), {
        ...{ crypto, job: fromHex(opened.job), trust: ledger.trust },
      }),
    );
    await expect(ask()).rejects.toMatchObject({ code: 'license-proof-missing' });
  });

  it('waits while the witness is away, and is the same one later', async () => {
    const opened = await authority.openJob({ quota: 1 });
    await ledger.stopWitness();
    const body = await authority.licenseBody(opened, await authority.chip());
    const refused = await authority.postLicense(opened, body);
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'witness-awaited', fields: { found: 0, least: 1 } },
    });
    const headers = { Authorization: `Bearer ${opened.line}`, 'Content-Type': 'application/json' };
    const url = `${authority.url}/v1/jobs/${opened.job}/licenses`;
    const raw = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([raw.status, raw.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1 });
    const elsewhere = await authority.license(opened, await authority.chip());
    expect(elsewhere.body.code).toBe('quota-exhausted');
    await ledger.startWitness();
    const answer = await authority.postLicense(opened, body);
    expect(answer).toMatchObject({ status: 200, body: { newUnit: false, unitIndex: 0 } });
    prove(opened, answer.body);
    expect(await authority.showJob(opened.job)).toMatchObject({ units: 1, licenses: 1 });
    expect(await authority.audit()).toMatchObject({ ok: true });
  });

  it('of many chips at once is proven in shared rounds', async () => {
    const opened = await authority.openJob({ quota: 12 });
    const chips = await Promise.all(Array.from({ length: 12 }, () => authority.chip()));
    const answers = await Promise.all(chips.map((chip) => authority.license(opened, chip)));
    for (const { body } of answers) prove(opened, body);
    expect(new Set(answers.map(({ body }) => body.unitIndex)).size).toBe(12);
  });
});

describe('the files', () => {
  it('are served to everybody, opened entries to auditors alone, and nothing beside them', async () => {
    const opened = await authority.openJob();
    await authority.license(opened, await authority.chip());
    const text = await (await get('checkpoint')).text();
    const { size, root } = verifyCheckpoint(crypto, text, ledger.trust);
    const read = async (path: string) => {
      const response = await get(path);
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
    };
    expect(toHex(await new TileTree(crypto, { read }, size).root())).toBe(toHex(root));
    const tile = await get(tilePath(0, 0, size));
    expect([tile.headers.get('cache-control'), tile.headers.get('content-type')]).toEqual([
      'public, max-age=31536000, immutable',
      'application/octet-stream',
    ]);
    expect((await get('checkpoint')).headers.get('cache-control')).toBe('no-store');
    expect((await get('opened/000')).status).toBe(401);
    expect((await get('opened/000', opened.line)).status).toBe(403);
    expect((await get('opened/000', authority.ownerToken)).status).toBe(200);
    for (const path of [
      '..%2fauthority.db',
      '%2e%2e/authority.db',
      'tile/0/000.p/999',
      'tile/7/000',
      'tile',
      '',
      'tile/0/../0/000',
      'tile/0/1',
    ])
      expect((await get(path)).status, path).toBe(404);
    // No name of a job or chip stands in what everybody may read.
    const entries = Buffer.from((await read(tilePath('entries', 0, size)))!);
    expect(entries.length).toBe(34 * size);
    expect(entries.includes(Buffer.from(opened.job, 'hex'))).toBe(false);
  });
});

describe('a database that is not the newest one', () => {
  /** Yesterday's database, and today's license after it. */
  async function yesterday(): Promise<OpenedJob> {
    const opened = await authority.openJob({ quota: 5 });
    await authority.license(opened, await authority.chip());
    await authority.halt();
    authority.copyFiles('yesterday.db');
    ledger.copy('yesterday-ledger');
    await authority.run();
    await authority.license(opened, await authority.chip());
    await authority.halt();
    authority.path = join(authority.folder, 'yesterday.db');
    return opened;
  }

  it('is refused at start by the published files, and by the witness when these are old too', async () => {
    await yesterday();
    await expect(authority.run()).rejects.toMatchObject({ code: 'ledger-forked' });
    await authority.store.close();
    ledger.restore('yesterday-ledger');
    await authority.run();
    await expect(authority.ledger.confirm()).rejects.toMatchObject({
      code: 'witness-ahead',
      fields: { witness: 'witness.example/w1' },
    });
  });

  it('gives no license: the witness refuses its other history', async () => {
    const opened = await yesterday();
    ledger.restore('yesterday-ledger');
    await authority.run();
    for (let i = 0; i < 3; i++) {
      const answer = await authority.license(opened, await authority.chip());
      expect(answer).toMatchObject({ status: 503, body: { code: 'witness-refused' } });
    }
    // The newest database goes on where the witness saw it last, whatever the other one left behind.
    await authority.halt();
    authority.path = join(authority.folder, 'authority.db');
    await authority.run();
    prove(opened, (await authority.license(opened, await authority.chip())).body);
  });
});

it('goes on after a kill at any write, and publishes one history', async () => {
  const opened = await authority.openJob({ quota: 40 });
  for (let dieAt = 1; dieAt < 7; dieAt++) {
    await authority.halt();
    let writes = 0;
    ledger.wrap = (folder) => ({
      ...folder,
      write: (path, bytes) =>
        ++writes >= dieAt ? Promise.reject(new Error('killed')) : folder.write(path, bytes),
    });
    await authority.run();
    const body = await authority.licenseBody(opened, await authority.chip());
    const first = await authority.postLicense(opened, body);
    expect(first.status).toBe(dieAt > 4 ? first.status : 500);
    await authority.halt();
    ledger.wrap = (folder) => folder;
    await authority.run();
    const second = await authority.postLicense(opened, body);
    expect(second.status).toBe(200);
    prove(opened, second.body);
  }
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 6, licenses: 6 });
});
