// What an owner stopped, in SQLite.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { StopMethods } from './store-parts.ts';

export function stopMethods({ database, append }: SqliteContext): StopMethods {
  return {
    setStop: ({ kind, name, reason, atMs }, event) =>
      database.transaction(() => {
        const sql = `INSERT INTO stops (kind, name, reason, at_ms) VALUES (?, ?, ?, ?)
          ON CONFLICT (kind, name) DO NOTHING`;
        const isNew = database.changed(sql, kind, name, reason, atMs);
        if (isNew) append(event);
        return isNew;
      }),
    liftStop: ({ kind, name }, event) =>
      database.transaction(() => {
        const isLifted = database.changed('DELETE FROM stops WHERE kind = ? AND name = ?', kind, name);
        if (isLifted) append(event);
        return isLifted;
      }),
    findStop: async (...keys) => {
      // One look at the index for each: with OR and an order SQLite would sort, or read all of them.
      const sql = 'SELECT * FROM stops WHERE kind = ? AND name = ?';
      const found = keys.flatMap(
        ({ kind, name }) => database.one(rows.toNumberedStop, sql, kind, name) ?? [],
      );
      return found.sort((a, b) => a.ordinal - b.ordinal)[0]?.stop;
    },
    listStops: async ({ from, limit }) =>
      database.all(rows.toStop, 'SELECT * FROM stops ORDER BY ordinal DESC LIMIT ? OFFSET ?', limit, from),
  };
}
