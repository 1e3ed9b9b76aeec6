// Connections to PostgreSQL as the store uses them: a pool with the settings that bound every wait, reads
// that are repeated when a connection is lost, and the check, made once, that a commit is on the disk when
// the server says so. Knows no table. Only this file loads `pg`, and only when a store is opened.

import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@firmseal/fault';
import type { Pool, PoolClient, PoolConfig, QueryResult } from 'pg';
import { faultOfPostgres, isConnectionLoss, isCrowded } from './postgres-fault.ts';
import type { PostgresAddress } from './postgres-url.ts';
import type { Row } from './rows.ts';

/** What a statement takes in the places of $1, $2, ... */
export type Value = string | number | Uint8Array | null | readonly (string | number | Uint8Array | null)[];

/** Runs one statement on the connection that it belongs to. */
export type Query = (sql: string, values?: readonly Value[]) => Promise<{ rows: Row[]; changed: number }>;

const pauseMs = { first: 20, most: 250 };
const idleConnectionMs = 30_000;
const int8 = 20;

interface SessionOptions {
  readonly address: PostgresAddress;
  /** How long a request waits for locks, a free connection, or a database that comes back. */
  readonly busyTimeoutMs: number;
  /** Of reads and short writes; commits have one of their own, snapshots three. */
  readonly connections: number;
  /** A server that does not synchronise its disk is refused otherwise. For tests. */
  readonly allowUnsynchronized: boolean;
}

export class PostgresSession {
  readonly #options: SessionOptions;
  readonly #pool: Pool;
  readonly #commits: Pool;
  /** Evidence is read for minutes, which must not take the connections of requests. */
  readonly #snapshots: Pool;
  /** Ends of the snapshots that somebody still reads. */
  readonly #open = new Set<() => Promise<void>>();
  #closing = false;

  private constructor(options: SessionOptions, pools: { reads: Pool; commits: Pool; snapshots: Pool }) {
    this.#options = options;
    this.#pool = pools.reads;
    this.#commits = pools.commits;
    this.#snapshots = pools.snapshots;
  }

  /** Waits for a database that is starting. Throws `store-not-durable`, and the faults of a store. */
  static async open(options: SessionOptions): Promise<PostgresSession> {
    const { default: pg } = await import('pg');
    const makePool = (config: PoolConfig): Pool => {
      const pool = new pg.Pool(config);
      // A connection that is cut tells it twice: whoever uses it by the query, and here.
      // An idle one only here.
      pool.on('error', () => undefined);
      pool.on('connect', (client) => client.on('error', () => undefined));
      return pool;
    };
    const probe = makePool({ ...configOf(options, ''), max: 1 });
    let commit: string;
    try {
      commit = await again(options.busyTimeoutMs, async () => {
        const { rows } = await probe.query(
          `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
             current_setting('synchronous_commit') AS commit, current_setting('server_encoding') AS encoding`,
        );
        const { fsync, pages, commit } = rows[0] as Record<string, string>;
        if ((fsync !== 'on' || pages !== 'on') && !options.allowUnsynchronized)
          throw new Fault('store-not-durable', { setting: fsync === 'on' ? 'full_page_writes' : 'fsync' });
        return commit!;
      });
    } catch (cause) {
      throw faultOfPostgres(cause);
    } finally {
      await probe.end();
    }
    // `off` would answer before the commit is on the disk; every other value of the server is kept.
    const more = commit === 'off' && !options.allowUnsynchronized ? ' -c synchronous_commit=on' : '';
    const config = configOf(options, more);
    const reads = makePool({ ...config, max: options.connections });
    const commits = makePool({ ...config, max: 1 });
    const snapshots = makePool({ ...config, max: 3, statement_timeout: 0 });
    return new PostgresSession(options, { reads, commits, snapshots });
  }

  get busyTimeoutMs(): number {
    return this.#options.busyTimeoutMs;
  }

  /**
   * The one connection for commits, to be given back by `release`; with an error it is closed instead, and
   * the next one is new.
   */
  async connectForCommit(): Promise<PoolClient> {
    this.#refuseClosed();
    return this.#commits.connect();
  }

  #refuseClosed(): void {
    if (this.#closing) throw new Fault('store-failed', { reason: 'the store is closed' });
  }

  /** Reads, and writes that may be done twice: repeated until the database answers or the timeout ran out. */
  async run(sql: string, values: readonly Value[] = []): ReturnType<Query> {
    try {
      return await again(this.busyTimeoutMs, async () => {
        this.#refuseClosed();
        const client = await this.#pool.connect();
        let lost: Error | undefined;
        try {
          return await queryOn(client)(sql, values);
        } catch (cause) {
          if (isConnectionLoss(cause)) lost = cause as Error;
          throw cause;
        } finally {
          client.release(lost);
        }
      });
    } catch (cause) {
      throw faultOfPostgres(cause);
    }
  }

  /** One transaction that reads one state of the database until `end` is called. */
  async snapshot(): Promise<{ query: Query; end: () => Promise<void> }> {
    try {
      return await again(this.busyTimeoutMs, async () => {
        const client = await this.#snapshots.connect();
        try {
          await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
          // It stands still while a slow reader takes its time.
          await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
          await client.query('SELECT 1'); // the first statement that reads fixes the snapshot
        } catch (cause) {
          client.release(cause as Error);
          throw cause;
        }
        const query: Query = (sql, values) =>
          queryOn(client)(sql, values).catch((cause: unknown) => {
            throw faultOfPostgres(cause);
          });
        const end = async () => {
          if (!this.#open.delete(end)) return;
          const ended = await client.query('COMMIT').then(
            () => undefined,
            (cause: Error) => cause,
          );
          client.release(ended);
        };
        this.#open.add(end);
        return { query, end };
      });
    } catch (cause) {
      throw faultOfPostgres(cause);
    }
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await Promise.all([...this.#open].map((end) => end()));
    await Promise.all([this.#pool, this.#commits, this.#snapshots].map((pool) => pool.end()));
  }
}

/** Repeats while the database cannot be reached or has no connection free; then throws the last cause. */
export async function again<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (let pause = pauseMs.first; ; pause = Math.min(2 * pause, pauseMs.most)) {
    try {
      return await work();
    } catch (cause) {
      const passes = isConnectionLoss(cause) || isCrowded(cause);
      if (!passes || performance.now() + pause >= deadlineMs) throw cause;
      await sleep(pause);
    }
  }
}

/** Longer texts are those of copies, which are not run again. */
const preparedLengthAtMost = 2000;
const names = new Map<string, string>();

/** The server parses and plans a statement once for each connection. */
function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `firmseal_${names.size}`;
    names.set(sql, name);
  }
  return name;
}

export function queryOn(client: PoolClient): Query {
  return async (sql, given = []) => {
    const values = given as unknown[];
    const isPrepared = values.length > 0 && sql.length <= preparedLengthAtMost;
    const statement = isPrepared ? { name: nameOf(sql), text: sql, values } : { text: sql, values };
    const { rows, rowCount }: QueryResult<Row> = await client.query(statement);
    return { rows, changed: rowCount ?? 0 };
  };
}

function configOf({ address, busyTimeoutMs }: SessionOptions, more: string): PoolConfig {
  const { host, port, user, database, password, schema, tls } = address;
  const settings = [
    ...(schema === undefined ? [] : [`search_path=${schema}`]),
    'default_transaction_isolation=read\\ committed',
    // A replica whose machine vanished holds the lock of the log no longer than this.
    'tcp_keepalives_idle=10',
    'tcp_keepalives_interval=5',
    'tcp_keepalives_count=3',
    'client_connection_check_interval=2000',
  ];
  return {
    ...{ host, port, user, database },
    application_name: 'firmseal',
    ...(password === undefined ? {} : { password: () => Buffer.from(password.expose()).toString() }),
    ...(tls === undefined ? {} : { ssl: { ...tls, rejectUnauthorized: true, minVersion: 'TLSv1.2' } }),
    options: settings.map((setting) => `-c ${setting}`).join(' ') + more,
    keepAlive: true,
    connectionTimeoutMillis: busyTimeoutMs,
    idleTimeoutMillis: idleConnectionMs,
    statement_timeout: 4 * busyTimeoutMs,
    lock_timeout: busyTimeoutMs,
    idle_in_transaction_session_timeout: 2 * busyTimeoutMs,
    // Sizes and times fit a number exactly.
    types: { getTypeParser: typeParser },
  } as PoolConfig;
}

const asNumber = (text: string): number => Number(text);
const asText = (text: string): string => text;
const asBytes = (text: string): Uint8Array => Buffer.from(text.slice(2), 'hex');

/** The store has columns of these types and no others: bytea, bigint, integer, text. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  17: asBytes,
  [int8]: asNumber,
  23: asNumber,
};
const typeParser = (oid: number) => parsers[oid] ?? asText;
