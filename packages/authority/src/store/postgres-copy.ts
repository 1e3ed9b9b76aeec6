// A whole authority from an SQLite file into an empty PostgreSQL database, and the other way round. Into
// PostgreSQL it is one transaction: everything is there and verified, or nothing.

import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { makeFile } from '@firmseal/files';
import type { LogHead } from '@firmseal/ledger';
import { faultOfPostgres } from './postgres-fault.ts';
import { migratePostgres } from './postgres-schema.ts';
import { PostgresSession, type Query, queryOn, type Value } from './postgres-session.ts';
import type { PostgresStoreOptions } from './postgres-store.ts';
import { toLogHead, toLogRow } from './rows.ts';
import { followLog, type HeldSqlite, holdSqlite, shapesOf } from './sqlite-copy.ts';
import { SqliteDatabase } from './sqlite-database.ts';

type Target = Omit<PostgresStoreOptions, 'connections'>;

const rowsAtOnce = 200;
const pageRows = 1000;

async function openSession(target: Target): Promise<PostgresSession> {
  const { address, busyTimeoutMs = 5000, allowUnsynchronized = false } = target;
  const session = await PostgresSession.open({
    ...{ address, busyTimeoutMs, allowUnsynchronized },
    connections: 1,
  });
  try {
    await migratePostgres(session);
    return session;
  } catch (fault) {
    await session.close();
    throw fault;
  }
}

const followPostgres = (crypto: Crypto, query: Query): Promise<LogHead> =>
  followLog(crypto, async (from) => {
    const sql = 'SELECT * FROM log WHERE sequence >= $1 ORDER BY sequence LIMIT $2';
    return (await query(sql, [from, pageRows])).rows.map(toLogRow);
  });

async function countOf(query: Query, table: string): Promise<number> {
  return (await query(`SELECT count(*) AS n FROM ${table}`)).rows[0]!['n'] as number;
}

async function fillTable(
  query: Query,
  source: HeldSqlite,
  table: HeldSqlite['tables'][number],
): Promise<void> {
  const { name, columns } = table;
  let count = 0;
  let waiting: Value[] = [];
  const write = async () => {
    const places = waiting.map((_, at) => `$${at + 1}`);
    const tuples: string[] = [];
    for (let at = 0; at < places.length; at += columns.length)
      tuples.push(`(${places.slice(at, at + columns.length).join(', ')})`);
    await query(`INSERT INTO ${name} (${columns.join(', ')}) VALUES ${tuples.join(', ')}`, waiting);
    waiting = [];
  };
  for (const row of source.rows(table)) {
    waiting.push(...columns.map((column) => row[column] as Value));
    count++;
    if (count % rowsAtOnce === 0) await write();
  }
  if (waiting.length > 0) await write();
  const found = await countOf(query, name);
  if (found !== count)
    throw new Fault('database-copy-unsound', { problem: `${found} of ${count} rows of ${name}` });
}

/**
 * Counts of units, numbers that the next rows get, and the head: what PostgreSQL keeps and SQLite does not.
 */
async function completeState(query: Query, head: LogHead): Promise<void> {
  await query(
    `UPDATE jobs SET units_taken = taken, units_held = taken - voided FROM (
       SELECT job_id, (SELECT count(*) FROM units u WHERE u.job_id = j.job_id) AS taken,
         (SELECT count(*) FROM voids v WHERE v.job_id = j.job_id AND v.lifted_at_ms IS NULL) AS voided
       FROM jobs j) AS counted WHERE counted.job_id = jobs.job_id`,
  );
  const { rows } = await query(
    `SELECT table_name AS name, column_name AS column FROM information_schema.columns
     WHERE table_schema = current_schema() AND is_identity = 'YES'`,
  );
  for (const { name, column } of rows)
    await query(
      `SELECT setval(pg_get_serial_sequence('${name}', '${column}'),
         coalesce((SELECT max(${column}) FROM ${name}), 0) + 1, false)`,
    );
  await query('UPDATE log_head SET size = $1, head = $2', [head.size, head.head]);
}

async function fillPostgres(query: Query, crypto: Crypto, source: HeldSqlite): Promise<void> {
  const { rows } = await query('SELECT size, head FROM log_head FOR UPDATE');
  const found = toLogHead(rows[0]);
  // A copy that was committed before its source could be marked.
  if (found.size === source.head.size && equalBytes(found.head, source.head.head)) return;
  if (found.size > 0 || (await countOf(query, 'jobs')) > 0)
    throw new Fault('database-not-empty', { size: found.size });
  await query('DELETE FROM ticks');
  for (const table of source.tables) await fillTable(query, source, table);
  await completeState(query, source.head);
  const copied = await followPostgres(crypto, query);
  if (copied.size !== source.head.size || !equalBytes(copied.head, source.head.head))
    throw new Fault('database-copy-unsound', {
      problem: `its log ends with ${copied.size} ${toHex(copied.head)}`,
    });
}

/**
 * Fills an empty database. With `move` the file is marked in the end, so that no authority writes to it any
 * more; run again after a kill, it finishes. The head of the log, which is the same in both. Throws
 * `database-not-empty`, `database-copy-unsound`, and what opening either store throws.
 */
export function copyToPostgres(
  source: { readonly path: string; readonly move: boolean },
  target: Target,
): Promise<LogHead> {
  const { crypto } = target;
  return holdSqlite(crypto, source.path, async (held) => {
    const session = await openSession(target);
    try {
      const client = await session.connectForCommit();
      let failed: Error | undefined;
      try {
        await client.query('BEGIN');
        await client.query('SET LOCAL statement_timeout = 0');
        await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
        await fillPostgres(queryOn(client), crypto, held);
        await client.query('COMMIT');
      } catch (cause) {
        failed = cause as Error;
        throw faultOfPostgres(cause);
      } finally {
        client.release(failed);
      }
    } finally {
      await session.close();
    }
    if (source.move) held.markMoved();
    return held.head;
  });
}

/**
 * Writes all of the database, as it is at one moment, into a new SQLite file. Throws `file-exists`,
 * `database-copy-unsound`, and what opening either store throws.
 */
export async function copyFromPostgres(source: Target, path: string): Promise<LogHead> {
  const { crypto } = source;
  const session = await openSession(source);
  try {
    return await makeFile(path, async (temporary) => {
      await SqliteDatabase.open(temporary, 0).close();
      const { query, end } = await session.snapshot();
      try {
        await query('SET LOCAL statement_timeout = 0');
        const head = await followPostgres(crypto, query);
        await fillSqlite(temporary, query);
        return head;
      } finally {
        await end();
      }
    });
  } finally {
    await session.close();
  }
}

async function fillSqlite(path: string, query: Query): Promise<void> {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    database.exec('BEGIN; DELETE FROM ticks');
    for (const { name, columns } of shapesOf(database)) {
      const order = await orderOf(query, name);
      const places = columns.map(() => '?').join(', ');
      const insert = database.prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${places})`);
      await query(
        `DECLARE copied NO SCROLL CURSOR FOR SELECT ${columns.join(', ')} FROM ${name} ORDER BY ${order}`,
      );
      for (;;) {
        const { rows } = await query(`FETCH ${pageRows} FROM copied`);
        for (const row of rows) insert.run(...columns.map((column) => row[column] as SQLInputValue));
        if (rows.length < pageRows) break;
      }
      await query('CLOSE copied');
    }
    const broken = database.prepare('SELECT count(*) AS n FROM pragma_foreign_key_check').get()!['n'];
    if (broken !== 0) throw new Fault('database-copy-unsound', { problem: `${broken} rows refer to none` });
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/** The order in which the rows came, where it is kept; else any that is always the same. */
async function orderOf(query: Query, table: string): Promise<string> {
  const { rows } = await query(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1
     ORDER BY is_identity = 'YES' DESC, ordinal_position LIMIT 1`,
    [table],
  );
  return String(rows[0]!['name']);
}
