// What the parts of the PostgreSQL store share: reads, which any connection answers, and
// commits, which append to the log.

import type { Transaction, WriteKind } from './postgres-commits.ts';
import type { Query, Value } from './postgres-session.ts';
import type { Row } from './rows.ts';

export interface PostgresContext {
  readonly read: Query;
  readonly commit: <T>(action: (transaction: Transaction) => Promise<T>) => Promise<T>;
  readonly commitTogether: <Input, Answer>(kind: WriteKind<Input, Answer>, input: Input) => Promise<Answer>;
}

type ToRecord<T> = (row: Row) => T;

/** The first row as a record. */
export async function one<T>(
  query: Query,
  toRecord: ToRecord<T>,
  sql: string,
  ...values: readonly Value[]
): Promise<T | undefined> {
  const { rows } = await query(sql, values);
  return rows[0] && toRecord(rows[0]);
}

export async function all<T>(
  query: Query,
  toRecord: ToRecord<T>,
  sql: string,
  ...values: readonly Value[]
): Promise<T[]> {
  return (await query(sql, values)).rows.map(toRecord);
}

/** Runs a statement; true when it changed a row. */
export async function changed(query: Query, sql: string, ...values: readonly Value[]): Promise<boolean> {
  return (await query(sql, values)).changed > 0;
}
