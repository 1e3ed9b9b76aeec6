// Group commit: the writes that come while a transaction is under way go together into the next one. Each
// transaction takes the one row of log_head first, so the writes of all replicas follow one another and the
// log has one head; it is held for a few statements and one commit, never across a signature. A write that
// fails is undone alone. When the connection is cut during a commit, the log tells whether the commit stands:
// its rows are salted, so no other transaction can have written them.

import { setTimeout as sleep } from 'node:timers/promises';
import { equalBytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type LogEvent, type LogHead, type LogRow, nextLogRow } from '@firmseal/ledger';
import type { PoolClient } from 'pg';
import { faultOfPostgres, isConflict, isConnectionLoss, isCrowded } from './postgres-fault.ts';
import { type PostgresSession, type Query, queryOn } from './postgres-session.ts';
import { type Row, toLogHead } from './rows.ts';

/** What one write works with. */
export interface Transaction {
  readonly query: Query;
  /** Entries before the next one. */
  readonly logSize: () => number;
  /** Its row is written with the others of the transaction. The sequence of the row. */
  readonly append: (event: LogEvent) => number;
}

type Action<T> = (transaction: Transaction) => Promise<T>;

/**
 * Writes that one statement does for many requests: how they are done, in the order in which they came, and
 * an answer to each.
 */
export interface WriteKind<Input, Answer> {
  readonly run: (transaction: Transaction, inputs: readonly Input[]) => Promise<Answer[]>;
}

/** Writes that have nothing in common. */
const oneByOne: WriteKind<Action<unknown>, unknown> = {
  run: async (transaction, actions) => {
    const answers: unknown[] = [];
    for (const action of actions) answers.push(await action(transaction));
    return answers;
  },
};

interface Waiting {
  readonly kind: WriteKind<unknown, unknown>;
  readonly input: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: unknown) => void;
  readonly deadlineMs: number;
}

const batchAtMost = 64;
const conflictsAtMost = 5;
const pauseMs = 25;

const insertLog = `WITH ends AS (UPDATE log_head SET size = $6, head = $7)
  INSERT INTO log (sequence, entry, salt, leaf, head)
  SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])`;

/** Two statements in one message; the results of both come back. */
const beginLocked = 'BEGIN; SELECT size, head FROM log_head FOR UPDATE';

export class CommitQueue {
  readonly #session: PostgresSession;
  readonly #crypto: Crypto;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** The newest head that this process knows to be durable. */
  #known: LogHead | undefined;
  /** Connections on which the log was seen to continue from it. */
  readonly #checked = new WeakSet<PoolClient>();

  constructor(session: PostgresSession, crypto: Crypto) {
    this.#session = session;
    this.#crypto = crypto;
  }

  /** Resolves when what the action did is durable. The action may run more than once. */
  transaction<T>(action: Action<T>): Promise<T> {
    return this.together(oneByOne as WriteKind<Action<T>, T>, action);
  }

  /** The same for a write that goes along with others of its kind. */
  together<Input, Answer>(kind: WriteKind<Input, Answer>, input: Input): Promise<Answer> {
    const deadlineMs = performance.now() + this.#session.busyTimeoutMs;
    const done = new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({
        ...{ kind: kind as WriteKind<unknown, unknown>, input, deadlineMs },
        ...{ resolve: resolve as (value: unknown) => void, reject },
      });
    });
    this.#running ??= this.#run();
    return done;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // What the same turn of the event loop adds goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#settle(this.#waiting.splice(0, batchAtMost));
    this.#running = undefined; // in the same turn: a write that came later would wait for ever
  }

  /** Commits them together; when that fails for one of them, each alone. */
  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#commit(batch);
      batch.forEach(({ resolve }, index) => {
        resolve(results[index]);
      });
    } catch (cause) {
      const fault = faultOfPostgres(cause);
      const [only] = batch;
      if (batch.length === 1) only!.reject(fault);
      else if (fault instanceof Fault) for (const { reject } of batch) reject(fault);
      else for (const one of batch) await this.#settle([one]);
    }
  }

  /** Tries until it is committed, an action fails, or the time of the first of them is over. */
  async #commit(batch: readonly Waiting[]): Promise<unknown[]> {
    const deadlineMs = Math.min(...batch.map((one) => one.deadlineMs));
    for (let conflicts = 0; ; ) {
      try {
        return await this.#attempt(batch, deadlineMs);
      } catch (cause) {
        if (isConflict(cause)) {
          if (++conflicts >= conflictsAtMost) throw cause;
          continue;
        }
        const passes = isConnectionLoss(cause) || isCrowded(cause);
        if (!passes || performance.now() + pauseMs >= deadlineMs) throw cause;
        await sleep(pauseMs);
      }
    }
  }

  async #attempt(batch: readonly Waiting[], deadlineMs: number): Promise<unknown[]> {
    const client = await this.#session.connectForCommit();
    let failed: Error | undefined;
    let promised: LogHead | undefined;
    let results: unknown[] = [];
    try {
      const before = await this.#begin(client);
      const log = new PendingLog(this.#crypto, before);
      const transaction: Transaction = {
        query: queryOn(client),
        logSize: () => log.head.size,
        append: (event) => log.append(event),
      };
      results = await runByKind(transaction, batch);
      if (log.rows.length > 0) {
        await log.write(transaction.query);
        promised = log.head;
      }
      const { command } = await client.query('COMMIT');
      if (command !== 'COMMIT') throw new Fault('store-failed', { reason: 'the commit was undone' });
      this.#known = log.head;
      return results;
    } catch (cause) {
      failed = cause as Error;
      // Another error than a lost connection leaves it usable, once the transaction is undone.
      if (!isConnectionLoss(cause)) {
        failed = await client.query('ROLLBACK').then(
          () => undefined,
          (error: Error) => error,
        );
        throw cause;
      }
      if (promised === undefined) throw cause;
    } finally {
      client.release(failed);
    }
    // Cut after everything was sent: perhaps it is committed.
    if (await this.#stands(promised, deadlineMs)) {
      this.#known = promised;
      return results;
    }
    throw failed;
  }

  /** The head, locked until the transaction ends. Throws `store-went-back`. */
  async #begin(client: PoolClient): Promise<LogHead> {
    const results = (await client.query(beginLocked)) as unknown as readonly { rows: Row[] }[];
    const head = toLogHead(results.at(-1)!.rows[0]);
    const known = this.#known;
    if (known !== undefined && !this.#checked.has(client)) {
      const same = await holds(queryOn(client), known);
      if (!same) throw new Fault('store-went-back', { size: head.size, known: known.size });
    }
    this.#checked.add(client);
    return head;
  }

  /** Whether the commit that left this head is in the database. Waits for a transaction that still ends. */
  async #stands(head: LogHead, deadlineMs: number): Promise<boolean> {
    for (;;) {
      try {
        const client = await this.#session.connectForCommit();
        let failed: Error | undefined;
        try {
          await client.query(beginLocked);
          const stands = await holds(queryOn(client), head);
          await client.query('ROLLBACK');
          return stands;
        } catch (cause) {
          failed = cause as Error;
          throw cause;
        } finally {
          client.release(failed);
        }
      } catch (cause) {
        const passes = isConnectionLoss(cause) || isCrowded(cause);
        // Nobody knows: the repeat of the request finds out.
        if (!passes || performance.now() + pauseMs >= deadlineMs) throw faultOfPostgres(cause);
        await sleep(pauseMs);
      }
    }
  }
}

/** All writes of a kind together; they wait at the same time, so any order of the kinds is a good one. */
async function runByKind(transaction: Transaction, batch: readonly Waiting[]): Promise<unknown[]> {
  const answers = new Map<Waiting, unknown>();
  for (const kind of new Set(batch.map((one) => one.kind))) {
    const alike = batch.filter((one) => one.kind === kind);
    const given = await kind.run(
      transaction,
      alike.map(({ input }) => input),
    );
    for (const [i, one] of alike.entries()) answers.set(one, given[i]);
  }
  return batch.map((one) => answers.get(one));
}

/** Whether the log holds this head at its place. */
async function holds(query: Query, { size, head }: LogHead): Promise<boolean> {
  if (size === 0) return true;
  const { rows } = await query('SELECT head FROM log WHERE sequence = $1', [size - 1]);
  const found = rows[0]?.['head'];
  return found instanceof Uint8Array && equalBytes(found, head);
}

/** The rows that a transaction adds to the log. */
class PendingLog {
  readonly #crypto: Crypto;
  readonly rows: LogRow[] = [];
  head: LogHead;

  constructor(crypto: Crypto, head: LogHead) {
    this.#crypto = crypto;
    this.head = head;
  }

  append(event: LogEvent): number {
    const row = nextLogRow(this.#crypto, this.head, event);
    this.rows.push(row);
    this.head = { size: row.sequence + 1, head: row.head };
    return row.sequence;
  }

  async write(query: Query): Promise<void> {
    const column = <K extends keyof LogRow>(name: K): LogRow[K][] => this.rows.map((row) => row[name]);
    await query(insertLog, [
      column('sequence'),
      column('entry'),
      column('salt'),
      column('leaf'),
      column('head'),
      this.head.size,
      this.head.head,
    ]);
  }
}
