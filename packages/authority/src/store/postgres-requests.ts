// Requests under idempotency keys in PostgreSQL. They are not logged, so they wait for no lock of the log.

import { all, type PostgresContext } from './postgres-context.ts';
import * as rows from './rows.ts';
import type { RequestMethods } from './store-parts.ts';

/**
 * The row that was there before, and whether this statement put one in. Both are missing when another replica
 * put one in at this moment: the next statement finds that row. May be run twice.
 */
const begin = `
  WITH begun AS (
    INSERT INTO requests (key_hash, body_hash, at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (key_hash) DO NOTHING RETURNING 1)
  SELECT key_hash, body_hash, at_ms, answer, 0 AS is_new FROM requests WHERE key_hash = $1
  UNION ALL SELECT $1, $2, $3, NULL, 1 FROM begun`;

const forgetOld = `
  DELETE FROM requests WHERE key_hash IN (
    SELECT key_hash FROM requests WHERE at_ms < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`;

export function requestMethods({ read }: PostgresContext): RequestMethods {
  return {
    beginRequest: async ({ keyHash, bodyHash, atMs, forgetBeforeMs }) => {
      await read(forgetOld, [forgetBeforeMs]);
      for (;;) {
        const found = await all(
          read,
          (row) => ({ isNew: row['is_new'] === 1, request: rows.toRequest(row) }),
          begin,
          ...[keyHash, bodyHash, atMs],
        );
        if (found.some(({ isNew }) => isNew)) return undefined;
        if (found[0]) return found[0].request;
      }
    },
    finishRequest: async (keyHash, answer) => {
      await read('UPDATE requests SET answer = $1 WHERE key_hash = $2 AND answer IS NULL', [answer, keyHash]);
    },
    forgetRequest: async (keyHash) => {
      await read('DELETE FROM requests WHERE key_hash = $1 AND answer IS NULL', [keyHash]);
    },
  };
}
