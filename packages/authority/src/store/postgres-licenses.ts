// Licenses, receipts and statements of stations in PostgreSQL.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { LogEvent } from '@firmseal/ledger';
import type { Transaction, WriteKind } from './postgres-commits.ts';
import { all, changed, one, type PostgresContext } from './postgres-context.ts';
import type { Query } from './postgres-session.ts';
import type { LicenseRecord } from './records.ts';
import * as rows from './rows.ts';
import type { LicenseKey, NewLicense, Store } from './store.ts';
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

/**
 * Those whose job is approved and that are not there yet, numbered from the next entry of the log. The lock
 * of the log lets one such statement run at a time.
 */
const insertNew = `
  WITH fit AS (
    SELECT a.* FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bytea[],
      $7::text[], $8::text[], $9::bytea[], $10::bytea[], $11::bigint[]) WITH ORDINALITY
      AS a (license_id, job_id, thumbprint, unit_index, manifest_digest, nonce, request_id, mode,
        license_digest, bundle, issued_at_ms, place)
    JOIN jobs USING (job_id)
    WHERE state = 'approved'
    AND NOT EXISTS (SELECT 1 FROM licenses l WHERE l.job_id = a.job_id AND l.request_id = a.request_id)
    AND NOT EXISTS (SELECT 1 FROM licenses l WHERE l.job_id = a.job_id AND l.thumbprint = a.thumbprint
      AND l.manifest_digest = a.manifest_digest AND l.nonce = a.nonce))
  INSERT INTO licenses (license_id, job_id, thumbprint, unit_index, manifest_digest, nonce, request_id, mode,
    license_digest, bundle, issued_at_ms, log_sequence)
  SELECT license_id, job_id, thumbprint, unit_index, manifest_digest, nonce, request_id, mode,
    license_digest, bundle, issued_at_ms, $12 + row_number() OVER (ORDER BY place) - 1
  FROM fit ORDER BY place RETURNING license_id, log_sequence`;

interface NewOne {
  readonly license: NewLicense;
  readonly event: LogEvent;
}

type Kept = Awaited<ReturnType<Store['insertLicense']>>;

/** Ids of those that were inserted, with their place in the log. */
async function insertAll(
  { query, logSize }: Transaction,
  licenses: readonly NewLicense[],
): Promise<Map<string, number>> {
  const column = <K extends keyof NewLicense>(name: K): NewLicense[K][] => licenses.map((one) => one[name]);
  const found = await all(
    query,
    (row): [string, number] => [toHex(row['license_id'] as Uint8Array), row['log_sequence'] as number],
    insertNew,
    ...[column('licenseId'), column('jobId'), column('thumbprint'), column('unitIndex')],
    ...[column('manifestDigest'), column('nonce'), column('requestId'), column('mode')],
    ...[column('licenseDigest'), column('bundle'), column('issuedAtMs'), logSize()],
  );
  return new Map(found);
}

/** Whether it would be kept in the place of one of these. */
function repeats(one: NewLicense, others: readonly NewLicense[]): boolean {
  return others.some(
    (other) =>
      equalBytes(one.jobId, other.jobId) &&
      (one.requestId === other.requestId ||
        (equalBytes(one.thumbprint, other.thumbprint) &&
          equalBytes(one.manifestDigest, other.manifestDigest) &&
          equalBytes(one.nonce, other.nonce))),
  );
}

const keeping: WriteKind<NewOne, Kept> = {
  run: async (transaction, asked) => {
    const { query, append } = transaction;
    const first: NewLicense[] = [];
    for (const { license } of asked) if (!repeats(license, first)) first.push(license);
    const places = await insertAll(transaction, first);
    const answers: Kept[] = [];
    for (const { license, event } of asked) {
      const logSequence = places.get(toHex(license.licenseId));
      if (logSequence === undefined) {
        const present = await findAlike(query, license);
        answers.push(present && { license: present, inserted: false });
      } else {
        if (append(event) !== logSequence) throw new Error('an entry of the log in another place');
        answers.push({ license: { ...license, logSequence }, inserted: true });
      }
    }
    return answers;
  },
};

export function licenseMethods({ read, commit, commitTogether }: PostgresContext): LicenseMethods {
  return {
    insertLicense: (license, event) => commitTogether(keeping, { license, event }),
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
