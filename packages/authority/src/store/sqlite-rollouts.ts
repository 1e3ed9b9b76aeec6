// Updates in the field in SQLite: how far they are opened, and what came of them.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { RolloutMethods } from './store-parts.ts';

const counts = `
  SELECT count(*) FILTER (WHERE proven) AS installed,
    count(*) FILTER (WHERE NOT proven AND given_up) AS failed,
    count(*) FILTER (WHERE NOT proven AND NOT given_up AND taken_at_ms < ?) AS silent
  FROM (SELECT u.taken_at_ms,
      EXISTS (SELECT 1 FROM licenses l JOIN receipts r USING (license_id)
              WHERE l.job_id = u.job_id AND l.unit_index = u.unit_index) AS proven,
      EXISTS (SELECT 1 FROM failures f WHERE f.job_id = u.job_id AND f.unit_index = u.unit_index) AS given_up
    FROM units u WHERE u.job_id = ? AND u.taken_at_ms >= ? AND NOT EXISTS (
      SELECT 1 FROM voids v WHERE v.job_id = u.job_id AND v.unit_index = u.unit_index AND v.lifted_at_ms IS NULL)) AS taken`;

export function rolloutMethods({ database, append }: SqliteContext): RolloutMethods {
  return {
    setRollout: (item, event) =>
      database.transaction(() => {
        database.run(
          'INSERT OR REPLACE INTO rollouts VALUES (?, ?, ?, ?, ?, ?)',
          item.jobId,
          item.percent,
          item.halted ? 1 : 0,
          item.haltAbovePercent,
          item.origins.join(' '),
          item.countedFromMs,
        );
        append(event);
      }),
    findRollout: async (jobId) =>
      database.one(rows.toRollout, 'SELECT * FROM rollouts WHERE job_id = ?', jobId),
    insertFailure: (item, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          'INSERT INTO failures VALUES (?, ?, ?, ?, ?) ON CONFLICT (receipt_digest) DO NOTHING',
          item.receiptDigest,
          item.jobId,
          item.unitIndex,
          item.receipt,
          item.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    countRollout: async ({ jobId, fromMs, silentBeforeMs }) =>
      database.one(rows.toRolloutCounts, counts, silentBeforeMs, jobId, fromMs)!,
  };
}
