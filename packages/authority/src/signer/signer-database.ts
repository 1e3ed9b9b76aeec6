// Where the signer's table is: an SQLite file that only signers open, or the schema of its role in a
// PostgreSQL database. The statements are the same; $1, $2, ... stand for values, and /*lock*/ is where
// PostgreSQL locks a row until the transaction ends.

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@firmseal/fault';
import { faultOfFile } from '@firmseal/files';
import { faultOfPostgres, isConflict, isConnectionLoss, isCrowded } from '../store/postgres-fault.ts';
import { again, PostgresSession, queryOn, type Value } from '../store/postgres-session.ts';
import type { PostgresAddress } from '../store/postgres-url.ts';
import { faultOfSqlite } from '../store/sqlite-fault.ts';

type Row = Record<string, unknown>;
export type SignerQuery = (
  sql: string,
  values: readonly Value[],
) => Promise<{ rows: Row[]; changed: number }>;

export interface SignerDatabase {
  /** Durable when it resolves; undone when the action throws. The action may run more than once. */
  transaction<T>(action: (query: SignerQuery) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const version = 2;

/** BYTES and NUMBER stand for the types of each database. */
const tables = `
  CREATE TABLE signer_version (version NUMBER NOT NULL);
  INSERT INTO signer_version VALUES (1);
  CREATE TABLE signer_jobs (
    job_id BYTES PRIMARY KEY,
    product TEXT NOT NULL,
    terms BYTES NOT NULL,
    quota NUMBER NOT NULL,
    counted NUMBER NOT NULL CHECK (counted >= 0),
    job_end BYTES,
    pinned_at_ms NUMBER NOT NULL
  );
  CREATE TABLE signer_units (
    job_id BYTES NOT NULL REFERENCES signer_jobs,
    thumbprint BYTES NOT NULL,
    unit_index NUMBER NOT NULL,
    voided NUMBER NOT NULL,
    licenses NUMBER NOT NULL,
    ceiling NUMBER NOT NULL,
    last_request BYTES NOT NULL,
    counted_at_ms NUMBER NOT NULL,
    PRIMARY KEY (job_id, thumbprint)
  );
  CREATE INDEX signer_units_by_index ON signer_units (job_id, unit_index);
  CREATE INDEX signer_units_by_chip ON signer_units (thumbprint);
  CREATE TABLE signer_stops (
    kind TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, at_ms NUMBER NOT NULL,
    PRIMARY KEY (kind, name)
  );
  CREATE TABLE signer_state (name TEXT PRIMARY KEY);
  CREATE TABLE signer_spent (word BYTES PRIMARY KEY);
  CREATE TABLE signer_checkpoints (origin TEXT PRIMARY KEY, size NUMBER NOT NULL, root BYTES NOT NULL);`;

/** From version 1 to 2: terms of a job that say the same with a key that was wrapped again. */
const additions = `
  CREATE TABLE signer_terms (
    job_id BYTES NOT NULL REFERENCES signer_jobs, terms BYTES NOT NULL, PRIMARY KEY (job_id, terms)
  );
  UPDATE signer_version SET version = ${version};`;

const typed = (sql: string, bytes: string, number: string): string =>
  sql.replaceAll('BYTES', bytes).replaceAll('NUMBER', number);

function refuseVersion(found: number): void {
  if (found !== version) throw new Fault('store-version-newer', { found, known: version });
}

const busyPauseMs = 5;

const isBusy = (fault: unknown): boolean => fault instanceof Fault && fault.code === 'store-busy';

/** Transactions of this process come one after the other; those of other signers are waited for. */
class SqliteSignerDatabase implements SignerDatabase {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #statements = new Map<string, StatementSync>();
  #previous: Promise<unknown> = Promise.resolve();

  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  readonly #query: SignerQuery = async (sql, values) => {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    const named = Object.fromEntries(values.map((value, i) => [`$${i + 1}`, value as SQLInputValue]));
    if (/^\s*SELECT/i.test(sql)) return { rows: statement.all(named) as Row[], changed: 0 };
    return { rows: [], changed: Number(statement.run(named).changes) };
  };

  transaction<T>(action: (query: SignerQuery) => Promise<T>): Promise<T> {
    const run = this.#previous.then(() => this.#commit(action));
    this.#previous = run.catch(() => undefined);
    return run;
  }

  /** The lock is taken at the start, so that what was read still holds when it is written. */
  async #begin(): Promise<void> {
    const deadlineMs = performance.now() + this.#busyTimeoutMs;
    for (;;) {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        return;
      } catch (cause) {
        const fault = faultOfSqlite(cause);
        if (!isBusy(fault) || performance.now() >= deadlineMs) throw fault;
        await sleep(busyPauseMs);
      }
    }
  }

  async #commit<T>(action: (query: SignerQuery) => Promise<T>): Promise<T> {
    await this.#begin();
    try {
      const result = await action(this.#query);
      this.#database.exec('COMMIT');
      return result;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw faultOfSqlite(cause);
    }
  }

  async close(): Promise<void> {
    await this.#previous;
    this.#statements.clear();
    this.#database.close();
  }
}

/**
 * Opens the file, or makes it; `:memory:` for an authority in one process. Throws the faults of a store,
 * `store-version-newer`.
 */
export function openSqliteSignerDatabase(
  path: string,
  { busyTimeoutMs = 5000 }: { busyTimeoutMs?: number } = {},
): SignerDatabase {
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    throw faultOfFile(cause, path, 'written');
  }
  try {
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: busyTimeoutMs });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
    database.exec('BEGIN IMMEDIATE');
    const known = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'signer_version'").get();
    if (known === undefined) database.exec(typed(tables, 'BLOB', 'INTEGER'));
    const found = () => Number(database!.prepare('SELECT version FROM signer_version').get()!['version']);
    if (found() === 1) database.exec(typed(additions, 'BLOB', 'INTEGER'));
    refuseVersion(found());
    database.exec('COMMIT');
    // From here on a lock is waited for by timers, not by SQLite, which would stop the event loop.
    database.exec('PRAGMA busy_timeout = 0');
    return new SqliteSignerDatabase(database, busyTimeoutMs);
  } catch (cause) {
    database?.close();
    throw faultOfSqlite(cause);
  }
}

const schema = 'firmseal_signer';
const conflictsAtMost = 8;

class PostgresSignerDatabase implements SignerDatabase {
  readonly #session: PostgresSession;

  constructor(session: PostgresSession) {
    this.#session = session;
  }

  /** A connection that is cut in the commit is asked again: every action finds what it did before. */
  async transaction<T>(action: (query: SignerQuery) => Promise<T>): Promise<T> {
    try {
      for (let conflicts = 0; ; conflicts++) {
        try {
          return await again(this.#session.busyTimeoutMs, () => this.#attempt(action));
        } catch (cause) {
          if (!isConflict(cause) || conflicts >= conflictsAtMost) throw cause;
        }
      }
    } catch (cause) {
      throw faultOfPostgres(cause);
    }
  }

  async #attempt<T>(action: (query: SignerQuery) => Promise<T>): Promise<T> {
    const client = await this.#session.connectForCommit();
    let failed: Error | undefined;
    try {
      await client.query('BEGIN');
      const query = queryOn(client);
      const result = await action((sql, values) => query(sql.replace('/*lock*/', 'FOR UPDATE'), values));
      await client.query('COMMIT');
      return result;
    } catch (cause) {
      failed = cause as Error;
      if (!isConnectionLoss(cause) && !isCrowded(cause))
        failed = await client.query('ROLLBACK').then(
          () => undefined,
          (error: Error) => error,
        );
      throw cause;
    } finally {
      client.release(failed);
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

async function runAll(query: SignerQuery, statements: string): Promise<void> {
  for (const one of statements.split(';')) if (one.trim() !== '') await query(one, []);
}

/**
 * The signer's schema in the database, made where it is missing. The role of the address has to own it, and
 * should be the only one that may write there. Throws as openPostgresStore, and `signer-schema-forbidden`.
 */
export async function openPostgresSignerDatabase(
  address: PostgresAddress,
  { allowUnsynchronized = false }: { allowUnsynchronized?: boolean } = {},
): Promise<SignerDatabase> {
  const name = address.schema === undefined ? schema : `${address.schema}_signer`;
  const session = await PostgresSession.open({
    address: { ...address, schema: name },
    ...{ busyTimeoutMs: 5000, connections: 1, allowUnsynchronized },
  });
  const database = new PostgresSignerDatabase(session);
  try {
    await database.transaction(async (query) => {
      // Two signers may begin at once.
      await query('SELECT pg_advisory_xact_lock($1)', [0x66_73_69_67]);
      const isThere = async (sql: string) => (await query(sql, [name])).rows.length > 0;
      if (!(await isThere('SELECT 1 FROM pg_namespace WHERE nspname = $1')))
        await query(`CREATE SCHEMA ${name}`, []);
      const { rows: rights } = await query("SELECT has_schema_privilege($1, 'CREATE') AS may", [name]);
      if (String(rights[0]?.['may']) !== 't') throw new Fault('signer-schema-forbidden', { schema: name });
      if (!(await isThere("SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'signer_version'")))
        await runAll(query, typed(tables, 'bytea', 'bigint'));
      const found = async () =>
        (await query('SELECT version FROM signer_version', [])).rows[0]!['version'] as number;
      if ((await found()) === 1) await runAll(query, typed(additions, 'bytea', 'bigint'));
      refuseVersion(await found());
    });
    return database;
  } catch (fault) {
    await session.close();
    if (fault instanceof Fault && fault.code === 'store-read-only')
      throw new Fault('signer-schema-forbidden', { schema: name }, { cause: fault });
    throw fault;
  }
}
