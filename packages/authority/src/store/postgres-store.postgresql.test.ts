// The conformance suite on PostgreSQL, and what only a server can do to a store: stop, cut, be older or
// newer, be of somebody else. The suite runs with fsync off, which saves its disk; one test has it on.

import { readFileSync } from 'node:fs';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { LogChain } from '@firmseal/ledger';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipTests } from '../../../../tools/test-report/skip-tests.ts';
import { CuttingProxy } from '../../test/cutting-proxy.ts';
import { lackingPostgres, PostgresCluster } from '../../test/postgres-cluster.ts';
import { storeConformance } from '../../test/store-conformance.ts';
import { openPostgresStore } from './postgres-store.ts';
import type { Store } from './store.ts';

const lacking = lackingPostgres();
skipTests(lacking);

/** Statements of the page for operators: first the roles, then what the serving one may do. */
const page = readFileSync(new URL('../../../../docs/authority-on-postgresql.md', import.meta.url), 'utf8');
const [roles, rights] = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql!);
const inSchema = (sql: string) => sql.replaceAll(/(SCHEMA |\b)firmseal(?=[. ;])/g, `$1${schema}`);

let cluster: PostgresCluster;
let admin: pg.Client;
beforeAll(async () => {
  if (lacking !== undefined) return;
  cluster = await PostgresCluster.start();
  const { host, port, user, database } = cluster.address();
  admin = new pg.Client({ host, port, user, database });
  await admin.connect();
  await admin.query(roles!);
});
afterAll(async () => {
  await admin?.end();
  await cluster?.remove();
});

let schema = '';
const openOne = (more: { busyTimeoutMs?: number; user?: string } = {}) =>
  openPostgresStore({
    address: cluster.address({ schema, ...(more.user ? { user: more.user } : {}) }),
    ...{ crypto, connections: 4, allowUnsynchronized: true },
    ...more,
  });
const serving = { user: 'firmseal_serve' };

/** Tables that belong to one role, for another that has the rights of the page and no more. */
async function openServing(): Promise<Store> {
  schema = `served_${++schemas}`;
  await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION firmseal_owner;
    GRANT USAGE ON SCHEMA ${schema} TO firmseal_serve`);
  await (await openOne({ user: 'firmseal_owner' })).close();
  await admin.query(inSchema(rights!));
  return openOne(serving);
}
let schemas = 0;

storeConformance('PostgreSQL', {
  open: openServing,
  again: () => openOne(serving),
  remove: async () => undefined,
});

const jobId = crypto.randomBytes(16);
const event = { timeMs: 1, kind: 'unit-taken', fields: {} } as const;

async function openJob(store: Store, quota = 5): Promise<void> {
  const item = { manifestDigest: crypto.randomBytes(32), header: jobId, contentKeyFile: jobId };
  const job = { jobId, product: 'pump', quota, mode: 'session', accepts: [], createdAtMs: 1 } as const;
  const shown = { firmwareVersion: '1', securityCounter: 1 };
  await store.insertJob({ job, package: { ...item, ...shown }, deviceData: [] }, event);
  await store.approveJob(jobId, event);
}

const take = (store: Store, thumbprint = crypto.randomBytes(32)) =>
  store.takeUnit({ jobId, thumbprint, certificate: jobId, atMs: 2, event: () => event });

/** Every row of the log follows the one before it, and the kept head is the last one's. */
async function expectSoundLog(store: Store): Promise<number> {
  const chain = new LogChain(crypto);
  const rows = await store.readLog(0, 10_000);
  expect(rows.flatMap((row) => chain.add(row))).toEqual([]);
  expect(await store.logHead()).toEqual(chain.head);
  return rows.length;
}

describe('PostgreSQL server', () => {
  it('of another program, of a newer schema, and without what the program needs, is refused', async () => {
    schema = cluster.newSchema();
    cluster.psql(`CREATE TABLE ${schema}.notes (line text)`);
    await expect(openOne()).rejects.toMatchObject({ code: 'store-not-ours' });
    expect(cluster.psql(`SELECT count(*) FROM pg_tables WHERE schemaname = '${schema}'`)).toBe('1');

    schema = cluster.newSchema();
    await (await openOne()).close();
    cluster.psql(`UPDATE ${schema}.firmseal_schema SET version = 900`);
    await expect(openOne()).rejects.toMatchObject({ code: 'store-version-newer', fields: { found: 900 } });
    const address = cluster.address({ schema });
    await expect(openPostgresStore({ address, crypto })).rejects.toMatchObject({
      ...{ code: 'store-not-durable', fields: { setting: 'fsync' } },
    });
    const nobody = openOne({ user: 'nobody_here', busyTimeoutMs: 200 });
    await expect(nobody).rejects.toMatchObject({
      code: 'store-failed',
      fields: { reason: 'SQLSTATE 28000' },
    });
  });

  it('gives the serving role no way to change history, quota or schema', async () => {
    await (await openServing()).close();
    const refused = async (sql: string) => {
      const tried = admin.query(
        `BEGIN; SET LOCAL search_path = ${schema}; SET LOCAL ROLE firmseal_serve; ${sql}`,
      );
      await expect(tried).rejects.toThrow(/permission denied|must be owner/);
      await admin.query('ROLLBACK');
    };
    for (const table of ['log', 'units', 'licenses', 'receipts', 'jobs', 'tokens']) {
      await refused(`DELETE FROM ${table}`);
      await refused(`TRUNCATE ${table}`);
    }
    await refused('UPDATE jobs SET quota = 9');
    await refused('DROP TRIGGER log_still ON log');
    await admin.query(`UPDATE ${schema}.firmseal_schema SET version = 1`);
    await expect(openOne(serving)).rejects.toMatchObject({ code: 'store-version-older' });
  });

  it('that opens for several replicas at once gets its schema from one of them', async () => {
    schema = cluster.newSchema();
    const stores = await Promise.all([openOne(), openOne(), openOne()]);
    await openJob(stores[0]!);
    expect(await take(stores[1]!)).toEqual({ unitIndex: 0, taken: true });
    for (const store of stores) await store.close();
  });

  it('holds the quota, units, licenses and log against statements of its own', async () => {
    schema = cluster.newSchema();
    const store = await openOne();
    await openJob(store, 1);
    await take(store);
    const said = (sql: string) => {
      try {
        return cluster.psql(`SET search_path = ${schema}; ${sql}`);
      } catch (error) {
        return String((error as { stderr: unknown }).stderr);
      }
    };
    expect(said('UPDATE jobs SET units_held = 2, units_taken = 2')).toContain('violates check constraint');
    expect(said('UPDATE jobs SET quota = 9')).toContain('rows of jobs are kept as they are');
    for (const table of ['log', 'units', 'licenses', 'receipts', 'identities'])
      for (const sql of [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`])
        expect(said(sql)).toMatch(/are kept as they are/);
    await store.close();
  });

  it('whose connection is cut around a commit: the write is done once, and the caller learns it', async () => {
    schema = cluster.newSchema();
    const proxy = await CuttingProxy.start(cluster.folder);
    const address = cluster.address({ schema, host: proxy.host });
    const store = await openPostgresStore({ address, crypto, allowUnsynchronized: true });
    await openJob(store);
    for (const next of ['cut-before-commit', 'cut-after-commit'] as const) {
      const size = await expectSoundLog(store);
      proxy.next = next;
      const { unitIndex, taken } = (await take(store))!;
      expect([unitIndex, taken, proxy.next]).toEqual([size - 2, true, undefined]);
      expect(await expectSoundLog(store)).toBe(size + 1);
    }
    // So is a start that is cut.
    proxy.next = 'cut-before-commit';
    await (await openPostgresStore({ address, crypto, allowUnsynchronized: true })).close();
    expect([proxy.cuts, proxy.next]).toEqual([3, undefined]);
    proxy.cutAll();
    expect(await take(store)).toEqual({ unitIndex: 2, taken: true });
    await store.close();
    await proxy.stop();
  });

  it('that lost entries while a replica ran gets no further write of it', async () => {
    schema = cluster.newSchema();
    const store = await openOne();
    await openJob(store);
    await take(store);
    await take(store);
    cluster.psql(`SET search_path = ${schema}; SET session_replication_role = replica;
      DELETE FROM log WHERE sequence = 3; DELETE FROM units WHERE unit_index = 1;
      UPDATE log_head SET size = 3, head = (SELECT head FROM log WHERE sequence = 2);
      SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
        AND application_name = 'firmseal'`);
    await expect(take(store)).rejects.toMatchObject({
      code: 'store-went-back',
      fields: { known: 4, size: 3 },
    });
    await store.close();
    const restarted = await openOne();
    expect(await expectSoundLog(restarted)).toBe(3);
    await restarted.close();
  });

  it('whose tables another version widened goes on serving the replicas that run', async () => {
    schema = cluster.newSchema();
    const store = await openOne();
    await openJob(store);
    for (let n = 0; n < 3; n++) await take(store);
    await store.findJob(jobId);
    await admin.query(`ALTER TABLE ${schema}.jobs ADD COLUMN later text;
      ALTER TABLE ${schema}.licenses ADD COLUMN later text; ALTER TABLE ${schema}.units ADD COLUMN later text`);
    expect(await store.findJob(jobId)).toMatchObject({ quota: 5 });
    expect(await store.listUnits(jobId, { from: 0, limit: 9 })).toHaveLength(3);
    expect(await take(store)).toEqual({ unitIndex: 3, taken: true });
    await store.close();
  });

  it('with a lock that somebody holds too long is store-busy, and works again after', async () => {
    schema = cluster.newSchema();
    const store = await openOne({ busyTimeoutMs: 1500 });
    await openJob(store);
    const { host, port, user, database } = cluster.address();
    const other = new pg.Client({ host, port, user, database });
    await other.connect();
    await other.query(`BEGIN; SELECT 1 FROM ${schema}.log_head FOR UPDATE`);
    await expect(take(store)).rejects.toMatchObject({ code: 'store-busy' });
    expect(await store.findJob(jobId)).toMatchObject({ quota: 5 });
    await other.query('ROLLBACK');
    expect(await take(store)).toMatchObject({ taken: true });
    await other.end();
    await store.close();
  });
});

describe('PostgreSQL server with its disk synchronised', () => {
  let durable: PostgresCluster;
  beforeAll(async () => {
    if (lacking === undefined) durable = await PostgresCluster.start({ fsync: true });
  });
  afterAll(() => durable?.remove());

  it('stops at once, and comes back with every write that was acknowledged; meanwhile requests get a code', async () => {
    durable.psql('ALTER ROLE firmseal SET synchronous_commit = off');
    const store = await openPostgresStore({ address: durable.address(), crypto, busyTimeoutMs: 400 });
    await openJob(store);
    // Would be lost with synchronous_commit off, which the role has by itself.
    const devices = Array.from({ length: 3 }, () => crypto.randomBytes(32));
    for (const device of devices) await take(store, device);
    await durable.stop('SIGQUIT');
    await expect(take(store)).rejects.toMatchObject({ code: 'store-unreachable' });
    await expect(store.findJob(jobId)).rejects.toMatchObject({ code: 'store-unreachable' });
    await expect(store.openSnapshot()).rejects.toMatchObject({ code: 'store-unreachable' });
    await durable.run();
    for (const [unitIndex, device] of devices.entries())
      expect(await take(store, device)).toEqual({ unitIndex, taken: false });
    expect(await take(store)).toEqual({ unitIndex: 3, taken: true });
    await expectSoundLog(store);
    await store.close();
  });
});
