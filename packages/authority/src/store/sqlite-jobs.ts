// Jobs, their packages and their per-device data in SQLite.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { NewPackage } from './store.ts';
import type { JobMethods } from './store-parts.ts';

/** Of a row of jobs. Unit indexes are dense, so the highest says how many were ever taken. */
const remaining = `(quota
  - (SELECT coalesce(max(unit_index) + 1, 0) FROM units u WHERE u.job_id = jobs.job_id)
  + (SELECT count(*) FROM voids v WHERE v.job_id = jobs.job_id AND v.lifted_at_ms IS NULL))`;

const isFew = `(few_units > 0 AND ${remaining} <= few_units)`;

export function jobMethods({ database, append }: SqliteContext): JobMethods {
  /** The ordinal and the state of the job are read in the same statement. */
  const insertPackageRow = (item: NewPackage): boolean =>
    database.changed(
      `INSERT INTO packages
       SELECT job_id, ?, (SELECT count(*) FROM packages p WHERE p.job_id = jobs.job_id), ?, ?, ?, ?, 0
       FROM jobs WHERE job_id = ? AND state <> 'closed'
       ON CONFLICT (job_id, manifest_digest) DO NOTHING`,
      item.manifestDigest,
      item.header,
      item.contentKeyFile,
      item.firmwareVersion,
      item.securityCounter,
      item.jobId,
    );
  return {
    insertJob: ({ job, package: item, deviceData }, event) =>
      database.transaction(() => {
        database.run(
          `INSERT INTO jobs (job_id, product, quota, mode, accepts, state, created_at_ms, valid_until_ms,
             device_data_key, ledger_policy, few_units, stations)
           VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?)`,
          job.jobId,
          job.product,
          job.quota,
          job.mode,
          job.accepts.join(' '),
          job.createdAtMs,
          job.validUntilMs ?? null,
          job.deviceDataKey ?? null,
          job.ledgerPolicy ?? null,
          job.fewUnits ?? 0,
          job.stations?.join(' ') ?? null,
        );
        insertPackageRow({ ...item, jobId: job.jobId });
        deviceData.forEach((sealed, unitIndex) => {
          database.run('INSERT INTO device_data VALUES (?, ?, ?)', job.jobId, unitIndex, sealed);
        });
        append(event);
      }),
    insertPackage: (item, event) =>
      database.transaction(() => {
        const inserted = insertPackageRow(item);
        if (inserted) append(event);
        return inserted;
      }),
    approveJob: (jobId, event) =>
      database.transaction(() => {
        const approved = database.changed(
          `UPDATE jobs SET state = 'approved' WHERE job_id = ? AND state <> 'closed'`,
          jobId,
        );
        if (!approved) return false;
        database.run('UPDATE packages SET approved = 1 WHERE job_id = ?', jobId);
        append(event);
        return true;
      }),
    closeJob: (jobId, event) =>
      database.transaction(() => {
        const sql = `UPDATE jobs SET state = 'closed' WHERE job_id = ? AND state <> 'closed'`;
        const closed = database.changed(sql, jobId);
        if (closed) append(event);
        return closed;
      }),
    findJob: async (jobId) => database.one(rows.toJob, 'SELECT * FROM jobs WHERE job_id = ?', jobId),
    listJobs: async ({ from, limit }) =>
      database.all(
        rows.toJob,
        'SELECT * FROM jobs ORDER BY created_at_ms DESC, rowid DESC LIMIT ? OFFSET ?',
        limit,
        from,
      ),
    listPackages: async (jobId) =>
      database.all(rows.toPackage, 'SELECT * FROM packages WHERE job_id = ? ORDER BY ordinal', jobId),
    countJob: async (jobId) => {
      const count = (sql: string) => database.one(rows.toCount, sql, jobId)!;
      const voided = count('SELECT count(*) AS n FROM voids WHERE job_id = ? AND lifted_at_ms IS NULL');
      const outcomes = database.all(
        rows.toOutcomeCount,
        'SELECT outcome, count(*) AS n FROM receipts WHERE job_id = ? GROUP BY outcome ORDER BY outcome',
        jobId,
      );
      const stated = database.all(
        rows.toResultCount,
        `SELECT result, count(*) AS n FROM outcomes o WHERE job_id = ? AND ordinal =
           (SELECT max(ordinal) FROM outcomes p WHERE p.job_id = o.job_id AND p.unit_index = o.unit_index)
         GROUP BY result ORDER BY result`,
        jobId,
      );
      return {
        outcomes: Object.fromEntries(outcomes),
        stated: Object.fromEntries(stated),
        units: count('SELECT count(*) AS n FROM units WHERE job_id = ?') - voided,
        voided,
        licenses: count('SELECT count(*) AS n FROM licenses WHERE job_id = ?'),
        receipts: count('SELECT count(*) AS n FROM receipts WHERE job_id = ?'),
        installed: count(
          `SELECT count(DISTINCT l.unit_index) AS n FROM receipts r JOIN licenses l USING (license_id)
           WHERE r.job_id = ?`,
        ),
      };
    },
    noteFewUnits: (jobId, event) =>
      database.transaction(() => {
        const sql = `UPDATE jobs SET few_noted = 1
          WHERE job_id = ? AND few_noted = 0 AND ${isFew} RETURNING ${remaining} AS remaining`;
        const left = database.one(rows.toRemaining, sql, jobId);
        if (left !== undefined) append(event(left));
        return left;
      }),
    countFewJobs: async () =>
      database.one(rows.toCount, `SELECT count(*) AS n FROM jobs WHERE state = 'approved' AND ${isFew}`)!,
    replaceWrapped: ({ packages, jobs, webhooks }, event) =>
      database.transaction(() => {
        const ofPackage = `UPDATE packages SET content_key_file = ?
          WHERE job_id = ? AND manifest_digest = ? AND content_key_file = ?`;
        for (const { jobId, manifestDigest, before, after } of packages)
          database.run(ofPackage, after, jobId, manifestDigest, before);
        const ofJob = 'UPDATE jobs SET device_data_key = ? WHERE job_id = ? AND device_data_key = ?';
        for (const { jobId, before, after } of jobs) database.run(ofJob, after, jobId, before);
        const ofWebhook = 'UPDATE webhooks SET secret = ? WHERE webhook_id = ? AND secret = ?';
        for (const { webhookId, before, after } of webhooks)
          database.run(ofWebhook, after, webhookId, before);
        append(event);
      }),
    findDeviceData: async (jobId, unitIndex) => {
      const sql = 'SELECT sealed FROM device_data WHERE job_id = ? AND unit_index = ?';
      return database.one(rows.toSealed, sql, jobId, unitIndex);
    },
  };
}
