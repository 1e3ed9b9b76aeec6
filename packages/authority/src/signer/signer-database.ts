// Where the signer's table is: an SQLite file that only signers open, or the schema of its role in a
// PostgreSQL database. The statements are the same; $1, $2, ... stand for values, and /*lock*/ is where
// PostgreSQL locks a row until the transaction ends.

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
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
  /**
   * One statement as a transaction of its own, durable when its rows resolve; no rows, and nothing done,
   * where another transaction was faster. It may run more than once. Absent where it saves nothing.
   */
  statement?(sql: string, values: readonly Value[]): Promise<Row[]>;
  close(): Promise<void>;
}

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

/** Index i brings a table from version i + 1 to i + 2. */
const migrations: readonly string[] = [
  // Terms of a job that say the same with a key that was wrapped again.
  `
  CREATE TABLE signer_terms (
    job_id BYTES NOT NULL REFERENCES signer_jobs, terms BYTES NOT NULL, PRIMARY KEY (job_id, terms)
  );
  UPDATE signer_version SET version = 2;`,
  // Caps of sites, the certificates that they got, and the challenges that chips answer.
  `
  CREATE TABLE signer_sites (
    product TEXT NOT NULL, site TEXT NOT NULL,
    cap NUMBER NOT NULL,
    certified NUMBER NOT NULL CHECK (certified >= 0),
    valid_until_ms NUMBER NOT NULL,
    change NUMBER NOT NULL,
    PRIMARY KEY (product, site)
  );
  CREATE TABLE signer_certificates (
    product TEXT NOT NULL, thumbprint BYTES NOT NULL,
    site TEXT NOT NULL,
    certificate BYTES NOT NULL,
    at_ms NUMBER NOT NULL,
    PRIMARY KEY (product, thumbprint),
    FOREIGN KEY (product, site) REFERENCES signer_sites
  );
  CREATE TABLE signer_challenges (
    challenge BYTES PRIMARY KEY,
    product TEXT NOT NULL, site TEXT NOT NULL,
    ends_at_ms NUMBER NOT NULL
  );
  CREATE INDEX signer_challenges_by_end ON signer_challenges (ends_at_ms);
  UPDATE signer_version SET version = 3;`,
];
const version = migrations.length + 1;

const typed = (sql: string, bytes: string, number: string): string =>
  sql.replaceAll('BYTES', bytes).replaceAll('NUMBER', number);

function refuseVersion(found: number): void {
  if (found !== version) throw new Fault('store-version-newer', { found, known: version });
}

const busyPauseMs = 5;
/** Transactions that are committed together at most. */
const batchAtMost = 64;

const isBusy = (fault: unknown): boolean => fault instanceof Fault && fault.code === 'store-busy';

interface Waiting {
  readonly action: (query: SignerQuery) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

/** What one action of a batch came to; told when the batch is on the disk. */
type Outcome = { readonly result: unknown } | { readonly cause: unknown };

/**
 * Transactions of this process that wait are committed together, since most of one is the wait for the disk;
 * one that fails is undone alone. Those of other signers are waited for.
 */
class SqliteSignerDatabase implements SignerDatabase {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #statements = new Map<string, { statement: StatementSync; isRead: boolean }>();
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  #prepare(sql: string): { statement: StatementSync; isRead: boolean } {
    let known = this.#statements.get(sql);
    if (known === undefined) {
      // ?1, ?2, ... take values by their place, $1, $2, ... by their name.
      const statement = this.#database.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'));
      known = { statement, isRead: /^\s*SELECT/i.test(sql) };
      this.#statements.set(sql, known);
    }
    return known;
  }

  readonly #query: SignerQuery = async (sql, values) => {
    const { statement, isRead } = this.#prepare(sql);
    const bound = values as readonly SQLInputValue[];
    if (isRead) return { rows: statement.all(...bound) as Row[], changed: 0 };
    return { rows: [], changed: Number(statement.run(...bound).changes) };
  };

  transaction<T>(action: (query: SignerQuery) => Promise<T>): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      this.#waiting.push({ action, resolve: resolve as (value: unknown) => void, reject });
    });
    this.#running ??= this.#run();
    return done;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What the requests of the same turn of the event loop add goes along.
      await nextTurn();
      await this.#settle(this.#waiting.splice(0, batchAtMost));
    }
    this.#running = undefined; // in the same turn: a transaction that came later would wait for ever
  }

  /** The lock is taken at the start, so that what was read still holds when it is written. */
  async #begin(): Promise<void> {
    const deadlineMs = performance.now() + this.#busyTimeoutMs;
    for (;;) {
      try {
        this.#mark('BEGIN IMMEDIATE');
        return;
      } catch (cause) {
        const fault = faultOfSqlite(cause);
        if (!isBusy(fault) || performance.now() >= deadlineMs) throw fault;
        await sleep(busyPauseMs);
      }
    }
  }

  /** Nobody hears of his transaction before all of them are on the disk. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#begin();
      const outcomes: Outcome[] = [];
      for (const { action } of batch) outcomes.push(await this.#attempt(action));
      this.#mark('COMMIT');
      batch.forEach(({ resolve, reject }, i) => {
        const outcome = outcomes[i]!;
        if ('cause' in outcome) reject(outcome.cause);
        else resolve(outcome.result);
      });
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const fault = faultOfSqlite(cause);
      for (const { reject } of batch) reject(fault);
    }
  }

  async #attempt(action: Waiting['action']): Promise<Outcome> {
    this.#mark('SAVEPOINT one');
    try {
      return { result: await action(this.#query) };
    } catch (cause) {
      // A disk that is full undoes the whole transaction, and everybody hears of it.
      if (!this.#database.isTransaction) throw cause;
      this.#mark('ROLLBACK TO one');
      return { cause: faultOfSqlite(cause) };
    } finally {
      if (this.#database.isTransaction) this.#mark('RELEASE one');
    }
  }

  #mark(sql: 'BEGIN IMMEDIATE' | 'COMMIT' | 'SAVEPOINT one' | 'ROLLBACK TO one' | 'RELEASE one'): void {
    this.#prepare(sql).statement.run();
  }

  async close(): Promise<void> {
    while (this.#running) await this.#running;
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
    for (const one of migrations.slice(found() - 1)) database.exec(typed(one, 'BLOB', 'INTEGER'));
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

  async statement(sql: string, values: readonly Value[]): Promise<Row[]> {
    try {
      return await again(this.#session.busyTimeoutMs, async () => {
        const client = await this.#session.connectForCommit();
        let lost: Error | undefined;
        try {
          return (await queryOn(client)(sql, values)).rows;
        } catch (cause) {
          if (isConflict(cause)) return [];
          if (isConnectionLoss(cause) || isCrowded(cause)) lost = cause as Error;
          throw cause;
        } finally {
          client.release(lost);
        }
      });
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
      for (const one of migrations.slice((await found()) - 1))
        await runAll(query, typed(one, 'bytea', 'bigint'));
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
