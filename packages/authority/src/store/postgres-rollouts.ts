// Updates in the field in PostgreSQL: how far they are opened, and what came of them.

import { changed, one, type PostgresContext } from './postgres-context.ts';
import * as rows from './rows.ts';
import type { RolloutMethods } from './store-parts.ts';

const counts = `
  SELECT count(*) FILTER (WHERE proven) AS installed,
    count(*) FILTER (WHERE NOT proven AND given_up) AS failed,
    count(*) FILTER (WHERE NOT proven AND NOT given_up AND taken_at_ms < $1) AS silent
  FROM (SELECT u.taken_at_ms,
      EXISTS (SELECT 1 FROM licenses l JOIN receipts r USING (license_id)
              WHERE l.job_id = u.job_id AND l.unit_index = u.unit_index) AS proven,
      EXISTS (SELECT 1 FROM failures f WHERE f.job_id = u.job_id AND f.unit_index = u.unit_index) AS given_up
    FROM units u WHERE u.job_id = $2 AND u.taken_at_ms >= $3 AND NOT EXISTS (
      SELECT 1 FROM voids v WHERE v.job_id = u.job_id AND v.unit_index = u.unit_index AND v.lifted_at_ms IS NULL)) AS taken`;

const set = `
  INSERT INTO rollouts VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (job_id) DO UPDATE SET percent = $2,
    halted = $3, halt_above_percent = $4, origins = $5, counted_from_ms = $6`;

export function rolloutMethods({ read, commit }: PostgresContext): RolloutMethods {
  return {
    setRollout: (item, event) =>
      commit(async ({ query, append }) => {
        const { jobId, percent, halted, haltAbovePercent, origins, countedFromMs } = item;
        const values = [jobId, percent, halted ? 1 : 0, haltAbovePercent, origins.join(' '), countedFromMs];
        await query(set, values);
        append(event);
      }),
    findRollout: (jobId) => one(read, rows.toRollout, 'SELECT * FROM rollouts WHERE job_id = $1', jobId),
    insertFailure: (item, event) =>
      commit(async ({ query, append }) => {
        const inserted = await changed(
          query,
          'INSERT INTO failures VALUES ($1, $2, $3, $4, $5) ON CONFLICT (receipt_digest) DO NOTHING',
          ...[item.receiptDigest, item.jobId, item.unitIndex, item.receipt, item.storedAtMs],
        );
        if (inserted) append(event);
        return inserted;
      }),
    countRollout: async ({ jobId, fromMs, silentBeforeMs }) =>
      (await one(read, rows.toRolloutCounts, counts, silentBeforeMs, jobId, fromMs))!,
  };
}
