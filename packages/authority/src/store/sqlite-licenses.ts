// Licenses, receipts and statements of stations in SQLite.

import type { Bytes } from '@firmseal/bytes';
import type { LicenseRecord } from './records.ts';
import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { LicenseKey } from './store.ts';
import type { LicenseMethods } from './store-parts.ts';

export function licenseMethods({ database, head, append }: SqliteContext): LicenseMethods {
  const byRequest = (jobId: Bytes, requestId: string): LicenseRecord | undefined => {
    const sql = 'SELECT * FROM licenses WHERE job_id = ? AND request_id = ?';
    return database.one(rows.toLicense, sql, jobId, requestId);
  };
  const alike = ({ jobId, requestId, thumbprint, manifestDigest, nonce }: LicenseKey) =>
    byRequest(jobId, requestId) ??
    database.one(
      rows.toLicense,
      'SELECT * FROM licenses WHERE job_id = ? AND thumbprint = ? AND manifest_digest = ? AND nonce = ?',
      ...[jobId, thumbprint, manifestDigest, nonce],
    );
  return {
    insertLicense: (l, event) =>
      database.transaction(() => {
        const logSequence = head().size;
        const inserted = database.changed(
          `INSERT INTO licenses (license_id, job_id, thumbprint, unit_index, manifest_digest, nonce, request_id,
             mode, license_digest, bundle, issued_at_ms, log_sequence)
           SELECT ?, job_id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM jobs WHERE job_id = ? AND state = 'approved'
           ON CONFLICT (job_id, request_id) DO NOTHING
           ON CONFLICT (job_id, thumbprint, manifest_digest, nonce) DO NOTHING`,
          l.licenseId,
          l.thumbprint,
          l.unitIndex,
          l.manifestDigest,
          l.nonce,
          l.requestId,
          l.mode,
          l.licenseDigest,
          l.bundle,
          l.issuedAtMs,
          logSequence,
          l.jobId,
        );
        if (inserted) {
          append(event);
          return { license: { ...l, logSequence }, inserted };
        }
        const present = alike(l);
        return present && { license: present, inserted };
      }),
    findLicense: async (licenseId) =>
      database.one(rows.toLicense, 'SELECT * FROM licenses WHERE license_id = ?', licenseId),
    findLicenseByRequest: async (jobId, requestId) => byRequest(jobId, requestId),
    findLicenseOf: async (key) => alike(key),
    listLicenses: async ({ jobId, first, last }) =>
      database.all(
        rows.toLicense,
        'SELECT * FROM licenses WHERE job_id = ? AND unit_index BETWEEN ? AND ? ORDER BY unit_index, ordinal',
        jobId,
        first,
        last,
      ),
    insertReceipt: (receipt, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          `INSERT INTO receipts (receipt_digest, license_id, job_id, receipt, challenge, fresh, outcome,
             stored_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (receipt_digest) DO NOTHING`,
          receipt.receiptDigest,
          receipt.licenseId,
          receipt.jobId,
          receipt.receipt,
          receipt.challenge ?? null,
          receipt.fresh ? 1 : 0,
          receipt.outcome,
          receipt.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    findReceipt: async (receiptDigest) => {
      const sql = 'SELECT * FROM receipts WHERE receipt_digest = ?';
      return database.one(rows.toReceipt, sql, receiptDigest);
    },
    insertOutcome: (o, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          `INSERT INTO outcomes (outcome_digest, job_id, unit_index, statement, delegation, result, stored_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (outcome_digest) DO NOTHING`,
          o.outcomeDigest,
          o.jobId,
          o.unitIndex,
          o.statement,
          o.delegation,
          o.result,
          o.storedAtMs,
        );
        if (inserted) append(event);
        return inserted;
      }),
    findOutcome: async (outcomeDigest) => {
      const sql = 'SELECT * FROM outcomes WHERE outcome_digest = ?';
      return database.one(rows.toOutcomeRecord, sql, outcomeDigest);
    },
    listOutcomes: async ({ jobId, first, last }) =>
      database.all(
        rows.toOutcomeRecord,
        'SELECT * FROM outcomes WHERE job_id = ? AND unit_index BETWEEN ? AND ? ORDER BY unit_index, ordinal',
        jobId,
        first,
        last,
      ),
    listReceiptsOfDevice: async (thumbprint) =>
      database.all(
        rows.toReceipt,
        `SELECT r.* FROM licenses l JOIN receipts r USING (license_id) WHERE l.thumbprint = ? ORDER BY r.ordinal`,
        thumbprint,
      ),
    listReceipts: async ({ jobId, first, last }) =>
      database.all(
        rows.toReceipt,
        `SELECT r.* FROM licenses l JOIN receipts r USING (license_id)
         WHERE l.job_id = ? AND l.unit_index BETWEEN ? AND ? ORDER BY r.ordinal`,
        jobId,
        first,
        last,
      ),
  };
}
