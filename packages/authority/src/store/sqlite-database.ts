// One SQLite file as the store uses it (node:sqlite): write-ahead log, every commit synchronised to the disk
// before it returns, foreign keys enforced, statements prepared once. Knows no table.

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Fault } from '@firmseal/fault';
import type { Row } from './sqlite-rows.ts';
import { migrate } from './sqlite-schema.ts';

const sqliteBusy = 5;

function isBusy(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'errcode' in cause && cause.errcode === sqliteBusy;
}

const busyOr = (cause: unknown) => (isBusy(cause) ? new Fault('store-busy', {}, { cause }) : cause);

export class SqliteDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
  }

  /**
   * Opens the file, or makes it readable for its owner only, and migrates it. Faults: see openSqliteStore.
   */
  static open(path: string, busyTimeoutMs: number): SqliteDatabase {
    closeSync(openSync(path, 'a', 0o600)); // SQLite gives its side files the mode of the main file
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: busyTimeoutMs });
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
      migrate(database);
    } catch (cause) {
      database.close();
      throw busyOr(cause);
    }
    return new SqliteDatabase(path, database);
  }

  /** A second connection that cannot write and sees the file as it is now until it is closed. */
  openSnapshot(): SqliteDatabase {
    const database = new DatabaseSync(this.#path, { readOnly: true });
    database.exec('BEGIN; SELECT count(*) FROM sqlite_schema'); // the first read fixes what is seen
    return new SqliteDatabase(this.#path, database);
  }

  /** Commits what the action did; undoes it when the action throws. The write lock is taken at the start. */
  transaction<T>(action: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = action();
      this.#database.exec('COMMIT');
      return result;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw busyOr(cause);
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
    const row = this.#prepare(sql).get(...values);
    return row && toRecord(row);
  }

  all<T>(toRecord: (row: Row) => T, sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql)
      .all(...values)
      .map(toRecord);
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
