// A whole authority as one SQLite file: what a backup is, whichever store it came from, and what another
// store is filled from. Every copy follows the chain of the log to its end before it is put into force.

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { faultOfFile, makeFile } from '@firmseal/files';
import { LogChain, type LogHead, type LogRow } from '@firmseal/ledger';
import { toLogRow } from './rows.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { faultOfSqlite } from './sqlite-fault.ts';
import { markMoved } from './sqlite-schema.ts';

interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  /**
   * The order in which the rows came; of a table that does not keep that order, the order of the primary key.
   */
  readonly order: string;
}

/** All tables, each after those that it refers to: the order in which the schema makes them. */
export function shapesOf(database: DatabaseSync): TableShape[] {
  const tables = database
    .prepare(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
    )
    .all() as { name: string; sql: string }[];
  return tables.map(({ name, sql }) => {
    const columns = database.prepare(`SELECT name, pk FROM pragma_table_info(?) ORDER BY cid`).all(name) as {
      name: string;
      pk: number;
    }[];
    const keys = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    const order = /WITHOUT ROWID/.test(sql) ? keys.map((key) => key.name).join(', ') : 'rowid';
    return { name, columns: columns.map((column) => column.name), order };
  });
}

/** Follows the chain over all rows, which come in pages. Throws `database-copy-unsound`. */
export async function followLog(
  crypto: Crypto,
  page: (from: number) => Promise<readonly LogRow[]> | readonly LogRow[],
): Promise<LogHead> {
  const chain = new LogChain(crypto);
  for (;;) {
    const rows = await page(chain.head.size);
    if (rows.length === 0) return chain.head;
    for (const row of rows) {
      const [broken] = chain.add(row);
      if (broken)
        throw new Fault('database-copy-unsound', {
          problem: `log entry ${broken.sequence}: ${broken.problem}`,
        });
    }
  }
}

const pageRows = 1000;

const followSqlite = (crypto: Crypto, database: SqliteDatabase): Promise<LogHead> =>
  followLog(crypto, (from) =>
    database.all(toLogRow, 'SELECT * FROM log WHERE sequence >= ? ORDER BY sequence LIMIT ?', from, pageRows),
  );

const busyTimeoutMs = 5000;

/** Opens a firmseal database that is there. Throws `file-missing`, and what opening a store throws. */
function openExisting(path: string): SqliteDatabase {
  try {
    closeSync(openSync(path, 'r'));
  } catch (cause) {
    throw faultOfFile(cause, path, 'read');
  }
  return SqliteDatabase.open(path, busyTimeoutMs);
}

/**
 * Copies a database, also of a running authority, as it is at one moment. The head of the copied log.
 * Throws `file-missing`, `file-exists`, `database-copy-unsound`, and the faults of a store.
 */
export async function copySqlite(crypto: Crypto, from: string, to: string): Promise<LogHead> {
  const source = openExisting(from);
  try {
    return await makeFile(to, async (temporary) => {
      try {
        source.run('VACUUM INTO ?', temporary);
      } catch (cause) {
        throw faultOfSqlite(cause);
      }
      const copy = SqliteDatabase.open(temporary, busyTimeoutMs);
      try {
        return await followSqlite(crypto, copy);
      } finally {
        copy.close();
      }
    });
  } finally {
    source.close();
  }
}

/** A database that nobody else can write while it is read, and its log that was followed. */
export interface HeldSqlite {
  readonly head: LogHead;
  readonly tables: readonly TableShape[];
  rows(table: TableShape): Iterable<Record<string, unknown>>;
  /** From now on every write to it is refused: another database took its place. */
  markMoved(): void;
}

/** `held` is called while the write lock of the file is held. Faults as copySqlite. */
export async function holdSqlite<T>(
  crypto: Crypto,
  path: string,
  held: (database: HeldSqlite) => Promise<T>,
): Promise<T> {
  const opened = openExisting(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec('BEGIN IMMEDIATE');
    const head = await followSqlite(crypto, opened);
    const tables = shapesOf(database);
    const result = await held({
      head,
      tables,
      rows: ({ name, columns, order }) =>
        database.prepare(`SELECT ${columns.join(', ')} FROM ${name} ORDER BY ${order}`).iterate() as Iterable<
          Record<string, unknown>
        >,
      markMoved: () => markMoved(database),
    });
    database.exec('COMMIT');
    return result;
  } catch (cause) {
    throw faultOfSqlite(cause);
  } finally {
    database.close();
    opened.close();
  }
}
