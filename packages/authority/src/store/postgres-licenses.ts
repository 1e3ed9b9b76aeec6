// Licenses, receipts and statements of stations in PostgreSQL.

import type { Bytes } from '@firmseal/bytes';
import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import type { Query } from './postgres-session.ts';
import type { LicenseRecord } from './records.ts';
import * as rows from './rows.ts';
import type { LicenseKey } from './store.ts';
import type { LicenseMethods } from './store-parts.ts';

type Found = Promise<LicenseRecord | undefined>;

const byRequest = (query: Query, jobId: Bytes, requestId: string): Found => {
  const sql = 'SELECT * FROM licenses WHERE job_id = $1 AND request_id = $2';
  return one(query, rows.toLicense, sql, jobId, requestId);
};

const alike = `
  SELECT 0 AS place, l.* FROM licenses l WHERE job_id = $1 AND request_id = $2
  UNION ALL SELECT 1, l.* FROM licenses l
  WHERE job_id = $1 AND thumbprint = $3 AND manifest_digest = $4 AND nonce = $5
  ORDER BY place LIMIT 1`;
const findAlike = (
  query: Query,
  { jobId, requestId, thumbprint, manifestDigest, nonce }: LicenseKey,
): Found => one(query, rows.toLicense, alike, jobId, requestId, thumbprint, manifestDigest, nonce);

export function licenseMethods({ read, commit }: PostgresContext): LicenseMethods {
  return {
    insertLicense: (l, event) =>
      commit(async ({ query, logSize, append }) => {
        const logSequence = logSize();
        const inserted = await changed(
          query,
          `INSERT INTO licenses (license_id, job_id, thumbprint, unit_index, manifest_digest, nonce, request_id,
             mode, license_digest, bundle, issued_at_ms, log_sequence)
           SELECT $1, job_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
           FROM jobs WHERE job_id = $12 AND state = 'approved'
           ON CONFLICT DO NOTHING`,
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
        const present = await findAlike(query, l);
        return present && { license: present, inserted };
      }),
    findLicense: (licenseId) =>
      one(read, rows.toLicense, 'SELECT * FROM licenses WHERE license_id = $1', licenseId),
    findLicenseByRequest: (jobId, requestId) => byRequest(read, jobId, requestId),
    findLicenseOf: (key) => findAlike(read, key),
    listLicenses: ({ jobId, first, last }) =>
      all(
        read,
        rows.toLicense,
        'SELECT * FROM licenses WHERE job_id = $1 AND unit_index BETWEEN $2 AND $3 ORDER BY unit_index, ordinal',
        jobId,
        first,
        last,
      ),
    insertReceipt: (receipt, event) =>
      commit(async ({ query, append }) => {
        const inserted = await changed(
          query,
          `INSERT INTO receipts (receipt_digest, license_id, job_id, receipt, challenge, fresh, outcome,
             stored_at_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (receipt_digest) DO NOTHING`,
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
    findReceipt: (receiptDigest) => {
      const sql = 'SELECT * FROM receipts WHERE receipt_digest = $1';
      return one(read, rows.toReceipt, sql, receiptDigest);
    },
    insertOutcome: (o, event) =>
      commit(async ({ query, append }) => {
        const inserted = await changed(
          query,
          `INSERT INTO outcomes (outcome_digest, job_id, unit_index, statement, delegation, result, stored_at_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (outcome_digest) DO NOTHING`,
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
    findOutcome: (outcomeDigest) => {
      const sql = 'SELECT * FROM outcomes WHERE outcome_digest = $1';
      return one(read, rows.toOutcomeRecord, sql, outcomeDigest);
    },
    listOutcomes: ({ jobId, first, last }) =>
      all(
        read,
        rows.toOutcomeRecord,
        'SELECT * FROM outcomes WHERE job_id = $1 AND unit_index BETWEEN $2 AND $3 ORDER BY unit_index, ordinal',
        jobId,
        first,
        last,
      ),
    listReceiptsOfDevice: (thumbprint) =>
      all(
        read,
        rows.toReceipt,
        `SELECT r.* FROM licenses l JOIN receipts r USING (license_id)
         WHERE l.thumbprint = $1 ORDER BY r.ordinal`,
        thumbprint,
      ),
    listReceipts: ({ jobId, first, last }) =>
      all(
        read,
        rows.toReceipt,
        `SELECT r.* FROM licenses l JOIN receipts r USING (license_id)
         WHERE l.job_id = $1 AND l.unit_index BETWEEN $2 AND $3 ORDER BY r.ordinal`,
        jobId,
        first,
        last,
      ),
  };
}
