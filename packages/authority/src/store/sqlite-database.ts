// One SQLite file as the store uses it (node:sqlite): write-ahead log, every commit synchronised to the disk
// before it returns, foreign keys enforced, statements prepared once. A file that another process has locked
// is waited for without stopping this one. Knows no table.

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@firmseal/fault';
import type { Row } from './rows.ts';
import { faultOfSqlite } from './sqlite-fault.ts';
import { migrate } from './sqlite-schema.ts';

const busyPauseMs = 20;

export class SqliteDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #statements = new Map<string, StatementSync>();
  /** Ends when the transaction before the next one has. */
  #previous: Promise<unknown> = Promise.resolve();

  private constructor(path: string, database: DatabaseSync, busyTimeoutMs: number) {
    this.#path = path;
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Opens a file that is there and migrates it. Faults: see openSqliteStore. */
  static open(path: string, busyTimeoutMs: number): SqliteDatabase {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: busyTimeoutMs });
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
      migrate(database);
      // From here on a lock is waited for by timers, not by SQLite, which would stop the event loop.
      database.exec('PRAGMA busy_timeout = 0');
    } catch (cause) {
      database?.close();
      throw faultOfSqlite(cause);
    }
    return new SqliteDatabase(path, database, busyTimeoutMs);
  }

  /** A second connection that cannot write and sees the file as it is now until it is closed. */
  openSnapshot(): SqliteDatabase {
    try {
      const database = new DatabaseSync(this.#path, { readOnly: true, timeout: 0 });
      database.exec('BEGIN; SELECT count(*) FROM sqlite_schema'); // the first read fixes what is seen
      return new SqliteDatabase(this.#path, database, this.#busyTimeoutMs);
    } catch (cause) {
      throw faultOfSqlite(cause);
    }
  }

  /**
   * Commits what the action did; undoes it when the action throws. Transactions of this connection come one
   * after the other; one that finds the file locked waits for at most the busy timeout, then `store-busy`.
   */
  transaction<T>(action: () => T): Promise<T> {
    const deadlineMs = performance.now() + this.#busyTimeoutMs;
    const run = this.#previous.then(() => this.#whenFree(action, deadlineMs));
    this.#previous = run.catch(() => undefined);
    return run;
  }

  async #whenFree<T>(action: () => T, deadlineMs: number): Promise<T> {
    for (;;) {
      try {
        return this.#commit(action);
      } catch (cause) {
        const fault = faultOfSqlite(cause);
        const isBusy = fault instanceof Fault && fault.code === 'store-busy';
        if (!isBusy || performance.now() >= deadlineMs) throw fault;
        await sleep(busyPauseMs);
      }
    }
  }

  /** The write lock is taken at the start, so that the action never has to be undone for want of it. */
  #commit<T>(action: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = action();
      this.#database.exec('COMMIT');
      return result;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw cause;
    }
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  /** Runs a statement; true when it changed a row. */
  changed(sql: string, ...values: SQLInputValue[]): boolean {
    return Number(this.#prepare(sql).run(...values).changes) > 0;
  }

  one<T>(toRecord: (row: Row) => T, sql: string, ...values: SQLInputValue[]): T | undefined {
    const row = reading(() => this.#prepare(sql).get(...values));
    return row && toRecord(row);
  }

  all<T>(toRecord: (row: Row) => T, sql: string, ...values: SQLInputValue[]): T[] {
    return reading(() => this.#prepare(sql).all(...values)).map(toRecord);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw faultOfSqlite(cause);
  }
}
