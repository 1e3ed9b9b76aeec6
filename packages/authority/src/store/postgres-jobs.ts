// Jobs, their packages and their per-device data in PostgreSQL.

import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import type { Query } from './postgres-session.ts';
import * as rows from './rows.ts';
import type { NewPackage } from './store.ts';
import type { JobMethods } from './store-parts.ts';

/** The ordinal and the state of the job are read in the same statement. */
const insertPackageRow = (query: Query, item: NewPackage): Promise<boolean> =>
  changed(
    query,
    `INSERT INTO packages
     SELECT job_id, $1, (SELECT count(*) FROM packages p WHERE p.job_id = jobs.job_id), $2, $3, $4, $5, 0
     FROM jobs WHERE job_id = $6 AND state <> 'closed'
     ON CONFLICT (job_id, manifest_digest) DO NOTHING`,
    item.manifestDigest,
    item.header,
    item.contentKeyFile,
    item.firmwareVersion,
    item.securityCounter,
    item.jobId,
  );

export function jobMethods({ read, commit }: PostgresContext): JobMethods {
  return {
    insertJob: ({ job, package: item, deviceData }, event) =>
      commit(async ({ query, append }) => {
        await query(
          `INSERT INTO jobs (job_id, product, quota, mode, accepts, state, created_at_ms, device_data_key,
             valid_until_ms, ledger_policy, few_units, stations)
           VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11)`,
          [
            ...[job.jobId, job.product, job.quota, job.mode, job.accepts.join(' '), job.createdAtMs],
            job.deviceDataKey ?? null,
            job.validUntilMs ?? null,
            job.ledgerPolicy ?? null,
            job.fewUnits ?? 0,
            job.stations?.join(' ') ?? null,
          ],
        );
        await insertPackageRow(query, { ...item, jobId: job.jobId });
        if (deviceData.length > 0)
          await query(
            `INSERT INTO device_data SELECT $1, place - 1, sealed
             FROM unnest($2::bytea[]) WITH ORDINALITY AS given (sealed, place)`,
            [job.jobId, deviceData],
          );
        append(event);
      }),
    insertPackage: (item, event) =>
      commit(async ({ query, append }) => {
        const inserted = await insertPackageRow(query, item);
        if (inserted) append(event);
        return inserted;
      }),
    approveJob: (jobId, event) =>
      commit(async ({ query, append }) => {
        const sql = `UPDATE jobs SET state = 'approved' WHERE job_id = $1 AND state <> 'closed'`;
        if (!(await changed(query, sql, jobId))) return false;
        await query('UPDATE packages SET approved = 1 WHERE job_id = $1', [jobId]);
        append(event);
        return true;
      }),
    closeJob: (jobId, event) =>
      commit(async ({ query, append }) => {
        const sql = `UPDATE jobs SET state = 'closed' WHERE job_id = $1 AND state <> 'closed'`;
        const closed = await changed(query, sql, jobId);
        if (closed) append(event);
        return closed;
      }),
    findJob: (jobId) => one(read, rows.toJob, 'SELECT * FROM jobs WHERE job_id = $1', jobId),
    listJobs: ({ from, limit }) =>
      all(
        read,
        rows.toJob,
        'SELECT * FROM jobs ORDER BY created_at_ms DESC, ordinal DESC LIMIT $1 OFFSET $2',
        limit,
        from,
      ),
    listPackages: (jobId) =>
      all(read, rows.toPackage, 'SELECT * FROM packages WHERE job_id = $1 ORDER BY ordinal', jobId),
    countJob: async (jobId) => {
      const counted = await one(
        read,
        (row) => row as Record<'units' | 'voided' | 'licenses' | 'receipts' | 'installed', number>,
        `SELECT
           coalesce((SELECT units_held FROM jobs WHERE job_id = $1), 0) AS units,
           (SELECT count(*) FROM voids WHERE job_id = $1 AND lifted_at_ms IS NULL) AS voided,
           (SELECT count(*) FROM licenses WHERE job_id = $1) AS licenses,
           (SELECT count(*) FROM receipts WHERE job_id = $1) AS receipts,
           (SELECT count(DISTINCT l.unit_index) FROM receipts r JOIN licenses l USING (license_id)
            WHERE r.job_id = $1) AS installed`,
        jobId,
      );
      const outcomes = await all(
        read,
        rows.toOutcomeCount,
        'SELECT outcome, count(*) AS n FROM receipts WHERE job_id = $1 GROUP BY outcome ORDER BY outcome',
        jobId,
      );
      const stated = await all(
        read,
        rows.toResultCount,
        `SELECT result, count(*) AS n FROM outcomes o WHERE job_id = $1 AND ordinal =
           (SELECT max(ordinal) FROM outcomes p WHERE p.job_id = o.job_id AND p.unit_index = o.unit_index)
         GROUP BY result ORDER BY result`,
        jobId,
      );
      return { ...counted!, outcomes: Object.fromEntries(outcomes), stated: Object.fromEntries(stated) };
    },
    noteFewUnits: (jobId, event) =>
      commit(async ({ query, append }) => {
        const sql = `UPDATE jobs SET few_noted = 1
          WHERE job_id = $1 AND few_noted = 0 AND few_units > 0 AND quota - units_held <= few_units
          RETURNING quota - units_held AS remaining`;
        const left = await one(query, rows.toRemaining, sql, jobId);
        if (left !== undefined) append(event(left));
        return left;
      }),
    countFewJobs: async () =>
      (await one(
        read,
        rows.toCount,
        `SELECT count(*) AS n FROM jobs WHERE state = 'approved' AND few_units > 0 AND quota - units_held <= few_units`,
      ))!,
    replaceWrapped: ({ packages, jobs, webhooks }, event) =>
      commit(async ({ query, append }) => {
        const ofPackage = `UPDATE packages SET content_key_file = $1
          WHERE job_id = $2 AND manifest_digest = $3 AND content_key_file = $4`;
        for (const { jobId, manifestDigest, before, after } of packages)
          await query(ofPackage, [after, jobId, manifestDigest, before]);
        const ofJob = 'UPDATE jobs SET device_data_key = $1 WHERE job_id = $2 AND device_data_key = $3';
        for (const { jobId, before, after } of jobs) await query(ofJob, [after, jobId, before]);
        const ofWebhook = 'UPDATE webhooks SET secret = $1 WHERE webhook_id = $2 AND secret = $3';
        for (const { webhookId, before, after } of webhooks)
          await query(ofWebhook, [after, webhookId, before]);
        append(event);
      }),
    findDeviceData: (jobId, unitIndex) => {
      const sql = 'SELECT sealed FROM device_data WHERE job_id = $1 AND unit_index = $2';
      return one(read, rows.toSealed, sql, jobId, unitIndex);
    },
  };
}
