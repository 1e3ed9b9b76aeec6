// What an owner stopped, in PostgreSQL.

import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import * as rows from './rows.ts';
import type { StopMethods } from './store-parts.ts';

export function stopMethods({ read, commit }: PostgresContext): StopMethods {
  return {
    setStop: ({ kind, name, reason, atMs }, event) =>
      commit(async ({ query, append }) => {
        const sql = `INSERT INTO stops (kind, name, reason, at_ms) VALUES ($1, $2, $3, $4)
          ON CONFLICT (kind, name) DO NOTHING`;
        const isNew = await changed(query, sql, kind, name, reason, atMs);
        if (isNew) append(event);
        return isNew;
      }),
    liftStop: ({ kind, name }, event) =>
      commit(async ({ query, append }) => {
        const sql = 'DELETE FROM stops WHERE kind = $1 AND name = $2';
        const isLifted = await changed(query, sql, kind, name);
        if (isLifted) append(event);
        return isLifted;
      }),
    findStop: (...keys) => {
      const any = keys.map((_, i) => `(kind = $${2 * i + 1} AND name = $${2 * i + 2})`).join(' OR ');
      const values = keys.flatMap(({ kind, name }) => [kind, name]);
      return one(read, rows.toStop, `SELECT * FROM stops WHERE ${any} ORDER BY ordinal LIMIT 1`, ...values);
    },
    listStops: ({ from, limit }) =>
      all(read, rows.toStop, 'SELECT * FROM stops ORDER BY ordinal DESC LIMIT $1 OFFSET $2', limit, from),
  };
}
