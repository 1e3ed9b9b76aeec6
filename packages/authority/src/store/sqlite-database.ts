// One SQLite file as the store uses it (node:sqlite): write-ahead log, every commit synchronised to the disk
// before it returns, foreign keys enforced, statements prepared once. Writes that wait go together into one
// transaction, and one that fails is undone alone; reads of one callback share one, too. A file that another
// process has locked is waited for without stopping this one. Knows no table.

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@firmseal/fault';
import type { Row } from './rows.ts';
import { faultOfSqlite } from './sqlite-fault.ts';
import { migrate } from './sqlite-schema.ts';

const busyPauseMs = 20;
const batchAtMost = 64;

interface Waiting {
  readonly action: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: unknown) => void;
  readonly deadlineMs: number;
}

const isBusy = (fault: unknown): boolean => fault instanceof Fault && fault.code === 'store-busy';

export class SqliteDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #transactions = 0;
  #inTransaction = false;
  #isReading = false;

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
      database.exec('BEGIN; SELECT count(*) FROM sqlite_schema'); // the first read fixes the snapshot
      return new SqliteDatabase(this.#path, database, this.#busyTimeoutMs);
    } catch (cause) {
      throw faultOfSqlite(cause);
    }
  }

  /**
   * Commits what the action did; undoes it when the action throws. The action may run more than once.
   * Transactions of this connection come one after the other; one that finds the file locked waits for at
   * most the busy timeout, then `store-busy`.
   */
  transaction<T>(action: () => T): Promise<T> {
    const deadlineMs = performance.now() + this.#busyTimeoutMs;
    const done = new Promise<T>((resolve, reject) => {
      this.#waiting.push({ action, resolve: resolve as (value: unknown) => void, reject, deadlineMs });
    });
    this.#running ??= this.#run();
    return done;
  }

  /** Number of the transaction that is under way; undefined between two. */
  get transactionNumber(): number | undefined {
    return this.#inTransaction ? this.#transactions : undefined;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What the requests of the same turn of the event loop add goes along.
      await nextTurn();
      await this.#settle(this.#waiting.splice(0, batchAtMost));
    }
    this.#running = undefined; // in the same turn: a write that came later would wait for ever
  }

  /** Commits them together; when that fails, each alone. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    let left = batch;
    while (left.length > 0) {
      try {
        const results = this.#commit(left);
        left.forEach(({ resolve }, index) => {
          resolve(results[index]);
        });
        return;
      } catch (cause) {
        const fault = faultOfSqlite(cause);
        if (isBusy(fault)) {
          left = left.filter((one) => performance.now() < one.deadlineMs || one.reject(fault));
          if (left.length > 0) await sleep(busyPauseMs);
        } else if (left.length === 1) {
          left[0]!.reject(fault);
          return;
        } else {
          for (const one of left) await this.#settle([one]);
          return;
        }
      }
    }
  }

  /** The write lock is taken at the start, so that no action ever has to be undone for want of it. */
  #commit(batch: readonly Waiting[]): unknown[] {
    try {
      this.#endReading();
      this.run('BEGIN IMMEDIATE');
      this.#transactions++;
      this.#inTransaction = true;
      const results = batch.map(({ action }) => action());
      this.run('COMMIT');
      return results;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw cause;
    } finally {
      this.#inTransaction = false;
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
    const row = reading(() => {
      this.#startReading();
      return this.#prepare(sql).get(...values);
    });
    return row && toRecord(row);
  }

  all<T>(toRecord: (row: Row) => T, sql: string, ...values: SQLInputValue[]): T[] {
    return reading(() => {
      this.#startReading();
      return this.#prepare(sql).all(...values);
    }).map(toRecord);
  }

  /**
   * Reads share a transaction until the callback that began it, and what it goes on with at once, is done.
   * A request is heard of in a callback of its own, so that nothing which somebody was told of before he
   * asked is missing, whichever process told him. A read alone takes locks that cost more than the read.
   */
  #startReading(): void {
    if (this.#database.isTransaction) return;
    this.#prepare('BEGIN').run();
    this.#isReading = true;
    // A tick that a microtask asks for comes once no microtask is left.
    queueMicrotask(() => process.nextTick(() => this.#endReading()));
  }

  #endReading(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    this.#prepare('COMMIT').run();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** What was written before is committed first. */
  async close(): Promise<void> {
    while (this.#running) await this.#running;
    this.#endReading();
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
