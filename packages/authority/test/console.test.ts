// What the console asks of an authority: whose token, units across jobs and what their chips run, a receipt
// with all that verifies it, the log, boards of lines; and the static files with their policy.

import { verifyReceiptFile } from '@firmseal/audit';
import { fromBase64url, fromHex, toBase64url, toHex, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { LogChain, parseNoteKey, verifyLedgerProof } from '@firmseal/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRoutes } from '../src/index.ts';
import type { TestChip } from './chip.ts';
import { type OpenedJob, TestAuthority } from './running-authority.ts';
import { TestLedger } from './running-ledger.ts';

let authority: TestAuthority;
beforeEach(async () => {
  authority = await TestAuthority.start();
});
afterEach(() => authority.remove());

const thumbprintOf = (chip: TestChip) => toHex(chip.thumbprint);

describe('whose token it is', () => {
  it('tells an owner the products with their root keys, and a line its job', async () => {
    const opened = await authority.openJob({ quota: 2 });
    await authority.install(opened, await authority.chip());
    const { body: owner } = await authority.asOwner('GET', '/v1/token');
    const products = [{ product: 'pump', rootPublicKey: toBase64url(authority.owner.root.publicKey) }];
    expect(owner).toMatchObject({ scope: 'owner', label: 'test owner', products });
    expect(owner).not.toHaveProperty('job');
    const { body: line } = await authority.call('GET', '/v1/token', { token: opened.line });
    expect(line).toMatchObject({
      ...{ scope: 'line', tokenId: opened.lineTokenId },
      job: { job: opened.job, product: 'pump', state: 'approved', quota: 2, remaining: 1, installed: 1 },
    });
    expect(JSON.stringify([owner, line])).not.toContain(opened.line);
    expect(await authority.call('GET', '/v1/token', { token: null })).toMatchObject({ status: 401 });
  });

  it('tells the public token of an update nothing, not even the counts of its job', async () => {
    const { line: token } = await authority.openJob({ mode: 'update' });
    expect(token).toMatch(/^fsu_/);
    const answer = await authority.call('GET', '/v1/token', { token });
    expect(answer).toMatchObject({ status: 403, body: { code: 'token-scope-wrong' } });
  });

  it.each(['/v1/jobs', '/v1/units', '/v1/log', '/v1/boards', `/v1/receipts/${'00'.repeat(32)}`])(
    'a line reads nothing of %s',
    async (path) => {
      const { line } = await authority.openJob();
      const answer = await authority.call('GET', path, { token: line });
      expect(answer).toMatchObject({ status: 403, body: { code: 'token-scope-wrong' } });
    },
  );
});

describe('units across jobs', () => {
  const find = async (query: string) => (await authority.asOwner('GET', `/v1/units?${query}`)).body;
  const holds = async (version: string): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await find(`firmwareVersion=${version}`)).units.map(
        (one: { unit: { thumbprint: string }; holds: string }) => [one.unit.thumbprint, one.holds],
      ),
    );

  /** The receipt of an install that came to its end, not yet brought. */
  async function installed(opened: OpenedJob, chip: TestChip, installCount: number) {
    const { body } = await authority.license(opened, chip);
    const { manifest } = opened.sealed;
    const { license } = chip.accept(fromBase64url(body.bundle)!, manifest);
    const receipt = await chip.receipt({ license, manifest }, { installCount });
    return () => authority.postReceipt(opened, body.licenseId, { receipt });
  }

  it('says which chips run a version by the newest receipt of the chip, in whichever job and order it came', async () => {
    const old = await authority.openJob({ quota: 9 });
    const seal = { firmwareVersion: '2.0.0', securityCounter: 6 };
    const recent = await authority.openJob({ quota: 9, seal });
    const [stays, updated, licensed, on] = await Promise.all([1, 2, 3, 4].map(() => authority.chip()));
    await (await installed(old, stays!, 1))();
    const late = await installed(old, updated!, 1);
    await (await installed(recent, updated!, 2))();
    await late();
    await authority.license(old, licensed!);
    // Licensed for the new version, which may be on it, after the old one was proven.
    await (await installed(old, on!, 1))();
    await authority.license(recent, on!);
    expect(await holds('1.2.3')).toEqual({
      [thumbprintOf(stays!)]: 'proven',
      [thumbprintOf(updated!)]: 'replaced',
      [thumbprintOf(licensed!)]: 'licensed',
      [thumbprintOf(on!)]: 'proven',
    });
    expect(await holds('2.0.0')).toEqual({
      [thumbprintOf(updated!)]: 'proven',
      [thumbprintOf(on!)]: 'licensed',
    });
    expect(await holds('3')).toEqual({});
    const { units } = await find(`thumbprint=${thumbprintOf(updated!)}`);
    expect(units.map((one: { newest: { firmwareVersion: string } }) => one.newest.firmwareVersion)).toEqual([
      ...['2.0.0', '2.0.0'],
    ]);
  });

  it('finds by the first digits, in pages, and nothing of another product', async () => {
    const opened = await authority.openJob({ quota: 9 });
    const chips = await Promise.all([1, 2, 3].map(() => authority.chip()));
    for (const chip of chips) await authority.license(opened, chip);
    const all = chips.map(thumbprintOf).sort();
    const thumbprints = (body: { units: { unit: { thumbprint: string } }[] }) =>
      body.units.map((one) => one.unit.thumbprint);
    expect(thumbprints(await find(''))).toEqual(all);
    const page = await find('from=1&limit=1');
    expect([thumbprints(page), page.more]).toEqual([[all[1]], true]);
    for (const digits of [7, 8, 64])
      expect(thumbprints(await find(`thumbprint=${all[2]!.slice(0, digits)}`))).toEqual([all[2]]);
    expect(thumbprints(await find('product=fan'))).toEqual([]);
    expect(thumbprints(await find('uniqueId=0011223344556677'))).toEqual([]);
    expect(await authority.asOwner('GET', '/v1/units?thumbprint=XY')).toMatchObject({ status: 400 });
  });
});

describe('a receipt with all that verifies it', () => {
  it('is the file that verifies under the root alone', async () => {
    const opened = await authority.openJob();
    const chip = await authority.chip();
    await authority.install(opened, chip);
    const { body } = await authority.asOwner('GET', `/v1/jobs/${opened.job}/units`);
    const digest = body.units[0].install.receiptDigest;
    const shown = await authority.asOwner('GET', `/v1/receipts/${digest}`);
    expect(shown.body).toMatchObject({ job: opened.job, unitIndex: 0 });
    const file = fromBase64url(shown.body.file)!;
    const { publicKey: rootPublicKey } = authority.owner.root;
    expect(verifyReceiptFile(crypto, file, { rootPublicKey })).toMatchObject({
      ...{
        receiptDigest: digest,
        thumbprint: thumbprintOf(chip),
        unitIndex: 0,
        outcome: 'PASS',
        fresh: true,
      },
    });
  });

  it('comes with proofs that license and receipt stand in the ledger, unless witnesses are awaited', async () => {
    const { authority, ledger } = await TestLedger.start();
    try {
      const opened = await authority.openJob();
      await authority.install(opened, await authority.chip());
      const { body: units } = await authority.asOwner('GET', `/v1/jobs/${opened.job}/units`);
      const path = `/v1/receipts/${units.units[0].install.receiptDigest}`;
      await ledger.stopWitness();
      // The receipt came after the last checkpoint.
      const { body: early } = await authority.asOwner('GET', path);
      expect(early).not.toHaveProperty('receiptProof');
      await ledger.startWitness();
      const { body: shown } = await authority.asOwner('GET', path);
      const text = (proof: string) => new TextDecoder().decode(fromBase64url(proof)!);
      const kinds = [shown.licenseProof, shown.receiptProof].map(
        (proof) => verifyLedgerProof(crypto, text(proof), ledger.trust).kind,
      );
      expect(kinds).toEqual(['license-issued', 'receipt-stored']);
      const { body: me } = await authority.asOwner('GET', '/v1/token');
      expect(parseNoteKey(crypto, me.ledgerKey, 'the key')).toEqual(ledger.signer.key);
    } finally {
      await ledger.remove();
    }
  });

  it('is unknown by another digest', async () => {
    expect(await authority.asOwner('GET', `/v1/receipts/${'0a'.repeat(32)}`)).toMatchObject({
      ...{ status: 404, body: { code: 'receipt-unknown' } },
    });
  });
});

it('the log comes in pages, whose hashes lead to its head', async () => {
  await authority.openJob();
  const chain = new LogChain(crypto);
  let head = '';
  for (;;) {
    const { body } = await authority.asOwner('GET', `/v1/log?from=${chain.head.size}&limit=2`);
    head = body.head;
    if (body.entries.length === 0) break;
    const bytes = (text: string) => fromBase64url(text)!;
    for (const { sequence, entry, salt, leaf, head } of body.entries) {
      const row = {
        sequence,
        entry: bytes(entry),
        salt: bytes(salt),
        leaf: fromHex(leaf),
        head: fromHex(head),
      };
      expect(chain.add(row)).toEqual([]);
    }
  }
  expect(toHex(chain.head.head)).toBe(head);
  expect(chain.head.size).toBeGreaterThan(3);
});

describe('the board of a line', () => {
  const board = (line: string) => ({
    line,
    sockets: [{ name: 'A1', place: 'usb:1-4', package: 'panel', state: 'empty', step: '', fraction: 0 }],
    tally: { passed: 1, passedFirst: 1, failed: 0, refused: 0 },
    results: [{ socket: 'A1', atMs: 5, totalMs: 900, outcome: 'pass' }],
    alarms: [],
  });
  const tell = (opened: OpenedJob, body: unknown, job = opened.job) =>
    authority.call('POST', `/v1/jobs/${job}/board`, { token: opened.line, body });
  const boards = async () => (await authority.asOwner('GET', '/v1/boards')).body.boards;

  it('is shown with its time, replaced by the next one, and forgotten after a day', async () => {
    const opened = await authority.openJob();
    expect(await boards()).toEqual([]);
    for (const line of ['line-1', 'line-2'])
      expect(await tell(opened, { board: board(line) })).toEqual({ status: 200, body: { kept: true } });
    expect(await boards()).toEqual([
      {
        ...{ tokenId: opened.lineTokenId, job: opened.job, atMs: authority.nowMs },
        board: board('line-2'),
      },
    ]);
    authority.nowMs += 86_400_001;
    await authority.newOwnerToken();
    expect(await boards()).toEqual([]);
  });

  it('is of the own job alone, of the form of the interface, and of a bounded size', async () => {
    const [opened, other] = [await authority.openJob(), await authority.openJob()];
    expect(await tell(opened, { board: board('x') }, other.job)).toMatchObject({ status: 403 });
    for (const wrong of [
      { board: { ...board('x'), line: '<b>' } },
      { board: { ...board('x'), sockets: [{ name: 'A1' }] } },
      { board: { ...board('x'), alarms: [{ error: 'FS1', sentence: 'a\u202eb' }] } },
    ])
      expect(await tell(opened, wrong)).toMatchObject({ status: 400, body: { code: 'body-invalid' } });
    const large = { ...board('x'), more: 'x'.repeat(300_000) };
    expect(await tell(opened, { board: large })).toMatchObject({ status: 413 });
    expect(await boards()).toEqual([]);
  });

  it('that no line told is named as such', async () => {
    const opened = await authority.openJob();
    const jobId = fromHex(opened.job);
    const record = { tokenId: opened.lineTokenId, jobId, atMs: authority.nowMs, board: '{}' };
    await authority.store.keepBoard(record, 0);
    expect(await authority.asOwner('GET', '/v1/boards')).toMatchObject({
      ...{ status: 500, body: { code: 'board-malformed' } },
    });
  });
});

describe('the files of the console', () => {
  const files = [
    { name: 'index.html', content: Uint8Array.from(utf8('<p>page</p>')) },
    { name: 'console-ABC.js', content: Uint8Array.from(utf8('run();'.repeat(50))) },
  ];
  const get = async (path: string, gzip = false) =>
    createRoutes({ authority: await authority.local(), console: files }).request(path, {
      headers: gzip ? { 'Accept-Encoding': 'gzip, br' } : {},
    });

  it('come with a policy that lets the page speak to this authority alone, and run no text', async () => {
    const page = await get('/console/');
    expect([page.status, await page.text()]).toEqual([200, '<p>page</p>']);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy')!;
    for (const part of [
      "default-src 'none'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "trusted-types 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('set-cookie')).toBeNull();
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('are kept by browsers when their name tells their content, and come smaller to those who take it so', async () => {
    const plain = await get('/console/console-ABC.js');
    expect(plain.headers.get('cache-control')).toContain('immutable');
    const small = await get('/console/console-ABC.js', true);
    expect(small.headers.get('content-encoding')).toBe('gzip');
    expect((await small.arrayBuffer()).byteLength).toBeLessThan((await plain.arrayBuffer()).byteLength);
  });

  it.each(['/', '/console'])('%s leads to the page', async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'console/']);
  });

  it.each([
    '/console/index.html',
    '/console/../owner.token',
    '/console/%2e%2e%2fowner.token',
    '/console/none.js',
  ])('%s is not there', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('are not there where an authority serves none', async () => {
    expect((await createRoutes({ authority: await authority.local() }).request('/console/')).status).toBe(
      404,
    );
  });
});
