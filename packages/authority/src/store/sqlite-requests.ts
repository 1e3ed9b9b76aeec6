// Requests under idempotency keys in SQLite.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { RequestMethods } from './store-parts.ts';

export function requestMethods({ database }: SqliteContext): RequestMethods {
  return {
    beginRequest: ({ keyHash, bodyHash, atMs, forgetBeforeMs }) =>
      database.transaction(() => {
        database.run('DELETE FROM requests WHERE at_ms < ?', forgetBeforeMs);
        const found = database.one(rows.toRequest, 'SELECT * FROM requests WHERE key_hash = ?', keyHash);
        if (found === undefined)
          database.run('INSERT INTO requests VALUES (?, ?, ?, NULL)', keyHash, bodyHash, atMs);
        return found;
      }),
    finishRequest: (keyHash, answer) =>
      database.transaction(() => {
        const sql = 'UPDATE requests SET answer = ? WHERE key_hash = ? AND answer IS NULL';
        database.run(sql, answer, keyHash);
      }),
    forgetRequest: (keyHash) =>
      database.transaction(() => {
        database.run('DELETE FROM requests WHERE key_hash = ? AND answer IS NULL', keyHash);
      }),
  };
}
