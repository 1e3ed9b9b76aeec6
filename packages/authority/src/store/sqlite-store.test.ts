import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeConformance } from '../../test/store-conformance.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { migrations } from './sqlite-schema.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { Store } from './store.ts';

let folder = '';
const path = () => join(folder, 'authority.db');
const openOne = async () => openSqliteStore({ path: path(), crypto });

let notes = 0;
/** Any durable write with an entry in the log. */
const note = (store: Store) =>
  store.insertToken(
    {
      ...{ tokenId: `${++notes}`, tokenHash: crypto.randomBytes(32), scope: 'owner', label: 'x' },
      createdAtMs: 1,
    },
    { timeMs: 1, kind: 'token-created', fields: {} },
  );

storeConformance('SQLite', {
  open: async () => {
    folder = mkdtempSync(join(tmpdir(), 'firmseal-store-'));
    return openOne();
  },
  again: openOne,
  remove: async () => rmSync(folder, { recursive: true }),
});

describe('SQLite file', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'firmseal-store-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is readable for its owner only, side files too', async () => {
    const store = await openOne();
    await note(store);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(path() + suffix).mode & 0o777).toBe(0o600);
    await store.close();
  });

  // A client that was told by one authority asks another one, which is busy in the same turn.
  it('shows a later callback of the same turn what another process committed after an earlier one', async () => {
    await (await openOne()).close();
    const connection = SqliteDatabase.open(path(), 100);
    const other = new DatabaseSync(path());
    other.exec('INSERT INTO ticks VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET at_ms = 1');
    const read = () => connection.one((row) => row['at_ms'], 'SELECT at_ms FROM ticks');
    const inCallback = (work: () => Promise<unknown>) =>
      new Promise((resolve) => void setImmediate(() => resolve(work())));
    const seen = await Promise.all([
      inCallback(async () => {
        const before = read();
        await Promise.resolve();
        other.exec('UPDATE ticks SET at_ms = 2');
        await Promise.resolve();
        return [before, read()]; // one callback sees one state, also after it waited
      }),
      inCallback(async () => read()),
    ]);
    expect(seen).toEqual([[1, 1], 2]);
    other.close();
    connection.close();
  });

  it('is in WAL mode, and synchronises every commit and enforces foreign keys', async () => {
    const store = await openOne();
    const other = new DatabaseSync(path());
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(other.prepare('PRAGMA user_version').get()).toEqual({ user_version: migrations.length });
    other.close();
    await store.close();
    const connection = SqliteDatabase.open(path(), 100);
    const setting = (name: string) => connection.one((row) => row[name], `PRAGMA ${name}`);
    expect([setting('synchronous'), setting('foreign_keys')]).toEqual([2, 1]);
    connection.close();
  });

  it('of a newer version is refused and left as it is', async () => {
    await (await openOne()).close();
    const other = new DatabaseSync(path());
    other.exec('PRAGMA user_version = 900');
    other.close();
    await expect(openOne()).rejects.toMatchObject({ code: 'store-version-newer', fields: { found: 900 } });
  });

  it('of another program is refused and left as it is', async () => {
    const other = new DatabaseSync(path());
    other.exec('CREATE TABLE notes (text)');
    await expect(openOne()).rejects.toMatchObject({ code: 'store-not-ours' });
    expect(other.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual({ n: 1 });
    other.close();
  });

  it('of the version before stations goes on with its rows, its checks and its triggers', async () => {
    const old = new DatabaseSync(path(), { enableForeignKeyConstraints: true });
    for (const migration of migrations.slice(0, 2)) old.exec(migration);
    old.exec(`PRAGMA application_id = ${0x46534541}; PRAGMA user_version = 2;
      INSERT INTO jobs VALUES (zeroblob(16), 'pump', 2, 'session', '', 'approved', 1, NULL);
      INSERT INTO devices VALUES (zeroblob(32), x'00', 1);
      INSERT INTO units VALUES (zeroblob(16), zeroblob(32), 0, 1);`);
    old.close();
    const store = await openOne();
    const jobId = new Uint8Array(16);
    const event = { timeMs: 1, kind: 'unit-taken', fields: {} } as const;
    const request = { jobId, thumbprint: crypto.randomBytes(32), atMs: 2, event: () => event };
    expect(await store.takeUnit(request)).toEqual({ unitIndex: 1, taken: true });
    expect(await store.takeUnit({ ...request, thumbprint: crypto.randomBytes(32) })).toBeUndefined();
    const units = await store.listUnits(jobId, { from: 0, limit: 9 });
    expect(units.map(({ certificate }) => certificate?.length)).toEqual([1, undefined]);
    await store.close();
    const other = new DatabaseSync(path(), { enableForeignKeyConstraints: true });
    expect(other.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(other.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
    const job = (mode: string) =>
      other.exec(`INSERT INTO jobs (job_id, product, quota, mode, accepts, state, created_at_ms)
        VALUES (randomblob(16), 'pump', 1, '${mode}', '', 'open', 1)`);
    job('station');
    expect(() => job('other')).toThrow(/CHECK/);
    expect(() => other.exec('UPDATE jobs SET quota = 9')).toThrow(/keeps its quota/);
    other.close();
  });

  it('that is no database at all is refused', async () => {
    writeFileSync(path(), 'not a database, but long enough to be looked at as one'.repeat(20));
    await expect(openOne()).rejects.toMatchObject({ code: 'store-damaged' });
  });

  it('locked by another process for too long is store-busy, and works again after', async () => {
    const store = openSqliteStore({ path: path(), crypto, busyTimeoutMs: 20 });
    const other = new DatabaseSync(path());
    other.exec('BEGIN IMMEDIATE');
    await expect(note(store)).rejects.toMatchObject({ code: 'store-busy' });
    other.exec('ROLLBACK');
    other.close();
    await note(store);
    expect((await store.logHead()).size).toBe(1);
    await store.close();
  });

  it('refuses to change or delete what must stay, unless its triggers are taken away', async () => {
    const store = await openOne();
    await note(store);
    const other = new DatabaseSync(path());
    expect(() => other.exec('DELETE FROM log')).toThrow(/append-only/);
    expect(() => other.exec('UPDATE log SET salt = entry')).toThrow(/append-only/);
    other.exec('DROP TRIGGER log_keep; DELETE FROM log');
    other.close();
    expect((await store.logHead()).size).toBe(0);
    await store.close();
  });
});
