// What SQLite reports, as a fault with cause and remedy. Result codes: sqlite.org/rescode.html;
// the low byte is the primary code.

import { Fault, type FaultCode } from '@firmseal/fault';
import { movedText } from './sqlite-schema.ts';

const codes: Readonly<Record<number, FaultCode>> = {
  5: 'store-busy', // SQLITE_BUSY
  6: 'store-busy', // SQLITE_LOCKED
  8: 'store-read-only', // SQLITE_READONLY
  10: 'store-failed', // SQLITE_IOERR
  11: 'store-damaged', // SQLITE_CORRUPT
  13: 'store-full', // SQLITE_FULL
  14: 'store-failed', // SQLITE_CANTOPEN
  26: 'store-damaged', // SQLITE_NOTADB
};

/** SQLITE_CONSTRAINT and mistakes in statements are left as they are: they are defects of the program. */
export function faultOfSqlite(cause: unknown): unknown {
  const { errcode, errstr } = (cause ?? {}) as { errcode?: unknown; errstr?: unknown };
  if (typeof errcode !== 'number') return cause;
  if (cause instanceof Error && cause.message === movedText)
    return new Fault('database-moved', {}, { cause });
  const code = codes[errcode & 0xff];
  return code === undefined ? cause : new Fault(code, { reason: String(errstr ?? errcode) }, { cause });
}
