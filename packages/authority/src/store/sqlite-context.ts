// What the parts of the SQLite store share: the database, and the log that each of
// their transactions appends to.

import type { Crypto } from '@firmseal/crypto';
import { emptyHead, type LogEvent, type LogHead, nextLogRow } from '@firmseal/ledger';
import { toLogRow } from './rows.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

export interface SqliteContext {
  readonly database: SqliteDatabase;
  readonly head: () => LogHead;
  /**
   * Only inside a transaction: the head that it reads must still be the head when the row is
   * committed. The sequence of the new row.
   */
  readonly append: (event: LogEvent) => number;
}

export function createContext(database: SqliteDatabase, crypto: Crypto): SqliteContext {
  // Within one transaction nobody else writes.
  let known: { readonly transaction: number; readonly head: LogHead } | undefined;
  const readHead = (): LogHead => {
    const last = database.one(toLogRow, 'SELECT * FROM log ORDER BY sequence DESC LIMIT 1');
    return last ? { size: last.sequence + 1, head: last.head } : { size: 0, head: emptyHead };
  };
  const head = (): LogHead => {
    const transaction = database.transactionNumber;
    if (transaction === undefined) return readHead();
    if (known?.transaction !== transaction) known = { transaction, head: readHead() };
    return known.head;
  };
  const append = (event: LogEvent): number => {
    const { sequence, entry, salt, leaf, head: after } = nextLogRow(crypto, head(), event);
    database.run('INSERT INTO log VALUES (?, ?, ?, ?, ?)', sequence, entry, salt, leaf, after);
    known = { transaction: database.transactionNumber!, head: { size: sequence + 1, head: after } };
    return sequence;
  };
  return { database, head, append };
}
