// An authority that moves from SQLite to PostgreSQL and comes back by a backup: everything of it goes along,
// and no two databases are in force.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toHex } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { skipTests } from '../../../../tools/test-report/skip-tests.ts';
import { lackingPostgres, PostgresCluster } from '../../test/postgres-cluster.ts';
import { TestAuthority } from '../../test/running-authority.ts';
import { copyFromPostgres, copyToPostgres } from './postgres-copy.ts';
import { openPostgresStore } from './postgres-store.ts';
import { copySqlite } from './sqlite-copy.ts';
import { openSqliteStore } from './sqlite-store.ts';

const lacking = lackingPostgres();
skipTests(lacking);

let cluster: PostgresCluster;
let authority: TestAuthority;
let folder = '';
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  if (lacking === undefined) cluster = await PostgresCluster.start();
});
afterAll(() => cluster?.remove());
beforeEach(async () => {
  if (lacking === undefined) authority = await TestAuthority.start();
  folder = mkdtempSync(join(tmpdir(), 'firmseal-copy-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await authority?.remove();
});

const target = (schema = cluster.newSchema()) => ({
  address: cluster.address({ schema }),
  ...{ crypto, allowUnsynchronized: true },
});

/** All rows of all tables as text; the order is looked at only where the tables keep it. */
function contentOf(path: string): Record<string, string[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all();
  const text = (_: string, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value);
  const content = tables.map(({ name }) => {
    const rows = database.prepare(`SELECT * FROM ${name}`).all();
    return [name, rows.map((row) => JSON.stringify(row, text)).sort()];
  });
  database.close();
  return Object.fromEntries(content);
}

/** A history with something in every table that an install, a void, an alarm or a station fills. */
async function makeHistory() {
  const deviceData = [[crypto.randomBytes(32)]];
  await authority.openJob({ quota: 1, seal: { deviceData: [32] }, deviceData });
  const opened = await authority.openJob({ quota: 2 });
  await authority.install(opened, await authority.chip());
  const broken = await authority.chip();
  await authority.license(opened, broken);
  const voided = await authority.asOwner('POST', `/v1/jobs/${opened.job}/units/1/void`, { reason: 'broken' });
  expect(voided.status).toBe(200);
  return { opened, broken };
}

it('a move takes everything along, the units that are left too, and ends the file', async () => {
  const { opened, broken } = await makeHistory();
  const running = authority.store;
  const to = target();
  const head = await copyToPostgres({ path: authority.path, move: true }, to);
  expect(head).toEqual(await running.logHead());
  // The process that still has the file open, and any that opens it.
  const token = {
    tokenId: 'x',
    tokenHash: crypto.randomBytes(32),
    scope: 'owner',
    label: 'x',
    createdAtMs: 1,
  } as const;
  const event = { timeMs: 1, kind: 'token-created', fields: {} } as const;
  await expect(running.insertToken(token, event)).rejects.toMatchObject({ code: 'database-moved' });
  expect((await authority.license(opened, await authority.chip())).body.code).toBe('database-moved');
  expect(() => openSqliteStore({ path: authority.path, crypto })).toThrow(
    expect.objectContaining({ code: 'database-moved' }),
  );

  await authority.halt();
  authority.openStore = () => openPostgresStore(to);
  await authority.run();
  expect(await authority.audit()).toMatchObject({ ok: true });
  expect((await authority.license(opened, await authority.chip())).status).toBe(200);
  broken.nonce = crypto.randomBytes(16);
  expect((await authority.license(opened, broken)).body.code).toBe('quota-exhausted');
  expect(await authority.showJob(opened.job)).toMatchObject({ units: 2, voided: 1, installed: 1 });
  expect(await authority.audit()).toMatchObject({ ok: true });
});

it('a backup of either store is the same file, and fills either again', async () => {
  await makeHistory();
  const head = await copySqlite(crypto, authority.path, at('backup'));
  expect(contentOf(at('backup'))).toEqual(contentOf(authority.path));
  const to = target();
  expect(await copyToPostgres({ path: at('backup'), move: false }, to)).toEqual(head);
  expect(await copyFromPostgres(to, at('again'))).toEqual(head);
  const [before, after] = [contentOf(at('backup')), contentOf(at('again'))];
  expect(after).toEqual(before);
  expect(Object.keys(before).sort()).toContain('identities');
  for (const table of [
    'jobs',
    'packages',
    'device_data',
    'units',
    'voids',
    'licenses',
    'receipts',
    'tokens',
    'log',
  ])
    expect(before[table]!.length).toBeGreaterThan(0);
  const copied = openSqliteStore({ path: at('again'), crypto });
  expect(await copied.logHead()).toEqual(head);
  await copied.close();
  await expect(copySqlite(crypto, authority.path, at('again'))).rejects.toMatchObject({
    code: 'file-exists',
  });
});

it('a target that holds another authority is left as it is; the same copy again only finishes', async () => {
  await makeHistory();
  const schema = cluster.newSchema();
  await copyToPostgres({ path: authority.path, move: false }, target(schema));
  await authority.newOwnerToken();
  const refused = copyToPostgres({ path: authority.path, move: true }, target(schema));
  await expect(refused).rejects.toMatchObject({ code: 'database-not-empty' });
  await authority.newOwnerToken(); // still in force

  const again = cluster.newSchema();
  const head = await copyToPostgres({ path: authority.path, move: false }, target(again));
  expect(await copyToPostgres({ path: authority.path, move: true }, target(again))).toEqual(head);
  await expect(authority.newOwnerToken()).rejects.toMatchObject({ code: 'database-moved' });
});

it('a log that was changed in the file is not copied, and nothing is left in the target', async () => {
  await makeHistory();
  const other = new DatabaseSync(authority.path);
  other.exec(`DROP TRIGGER log_still; UPDATE log SET salt = zeroblob(32) WHERE sequence = 2`);
  other.close();
  const schema = cluster.newSchema();
  const copied = copyToPostgres({ path: authority.path, move: true }, target(schema));
  await expect(copied).rejects.toMatchObject({ code: 'database-copy-unsound' });
  await expect(copySqlite(crypto, authority.path, at('bad'))).rejects.toMatchObject({
    code: 'database-copy-unsound',
  });
  expect(cluster.psql(`SELECT count(*) FROM pg_tables WHERE schemaname = '${schema}'`)).toBe('0');
});
