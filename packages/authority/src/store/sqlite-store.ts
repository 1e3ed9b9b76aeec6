// The store on SQLite: the statements behind each method of store.ts. A transaction runs to its end without
// yielding, so nothing of this process comes between; other processes wait for the write lock
// (sqlite-database.ts). The schema is in sqlite-schema.ts.

import type { Bytes } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { emptyHead, type LogEvent, type LogHead, type LogRow, nextLogRow } from '../log/entry.ts';
import type {
  ChallengePurpose,
  ChallengeRecord,
  DeviceRecord,
  JobRecord,
  LicenseRecord,
  PackageRecord,
  ReceiptRecord,
  TokenRecord,
  UnitRecord,
} from './records.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import * as rows from './sqlite-rows.ts';
import type { JobCounts, NewJob, NewPackage, Store, StoreReader, UnitRequest } from './store.ts';

class SqliteStore implements Store {
  readonly #database: SqliteDatabase;
  readonly #crypto: Crypto;

  constructor(database: SqliteDatabase, crypto: Crypto) {
    this.#database = database;
    this.#crypto = crypto;
  }

  async insertJob({ job, package: item, deviceData }: NewJob, event: LogEvent): Promise<void> {
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO jobs (job_id, product, quota, mode, accepts, state, created_at_ms, device_data_key)
         VALUES (?, ?, ?, ?, ?, 'open', ?, ?)`,
        job.jobId,
        job.product,
        job.quota,
        job.mode,
        job.accepts.join(' '),
        job.createdAtMs,
        job.deviceDataKey ?? null,
      );
      this.#insertPackage({ ...item, jobId: job.jobId });
      deviceData.forEach((sealed, unitIndex) => {
        this.#database.run('INSERT INTO device_data VALUES (?, ?, ?)', job.jobId, unitIndex, sealed);
      });
      this.#append(event);
    });
  }

  async insertPackage(item: NewPackage, event: LogEvent): Promise<boolean> {
    return this.#database.transaction(() => this.#insertPackage(item) && this.#append(event));
  }

  /** The ordinal and the state of the job are read in the same statement. */
  #insertPackage(item: NewPackage): boolean {
    return this.#database.changed(
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
  }

  async approveJob(jobId: Bytes, event: LogEvent): Promise<boolean> {
    return this.#database.transaction(() => {
      const approved = this.#database.changed(
        `UPDATE jobs SET state = 'approved' WHERE job_id = ? AND state <> 'closed'`,
        jobId,
      );
      if (!approved) return false;
      this.#database.run('UPDATE packages SET approved = 1 WHERE job_id = ?', jobId);
      return this.#append(event);
    });
  }

  async closeJob(jobId: Bytes, event: LogEvent): Promise<boolean> {
    const sql = `UPDATE jobs SET state = 'closed' WHERE job_id = ? AND state <> 'closed'`;
    return this.#database.transaction(() => this.#database.changed(sql, jobId) && this.#append(event));
  }

  async findJob(jobId: Bytes): Promise<JobRecord | undefined> {
    return this.#database.one(rows.toJob, 'SELECT * FROM jobs WHERE job_id = ?', jobId);
  }

  async listJobs(): Promise<JobRecord[]> {
    return this.#database.all(rows.toJob, 'SELECT * FROM jobs ORDER BY created_at_ms DESC, rowid DESC');
  }

  async listPackages(jobId: Bytes): Promise<PackageRecord[]> {
    return this.#database.all(
      rows.toPackage,
      'SELECT * FROM packages WHERE job_id = ? ORDER BY ordinal',
      jobId,
    );
  }

  async countJob(jobId: Bytes): Promise<JobCounts> {
    const count = (table: string) =>
      this.#database.one(rows.toCount, `SELECT count(*) AS n FROM ${table} WHERE job_id = ?`, jobId)!;
    const outcomes = this.#database.all(
      rows.toOutcomeCount,
      'SELECT outcome, count(*) AS n FROM receipts WHERE job_id = ? GROUP BY outcome ORDER BY outcome',
      jobId,
    );
    return {
      ...{ units: count('units'), licenses: count('licenses'), receipts: count('receipts') },
      outcomes: Object.fromEntries(outcomes),
    };
  }

  async findDeviceData(jobId: Bytes, unitIndex: number): Promise<Bytes | undefined> {
    const sql = 'SELECT sealed FROM device_data WHERE job_id = ? AND unit_index = ?';
    return this.#database.one(rows.toSealed, sql, jobId, unitIndex);
  }

  async takeUnit(request: UnitRequest): Promise<{ unitIndex: number; taken: boolean } | undefined> {
    const { jobId, thumbprint, certificate, atMs } = request;
    return this.#database.transaction(() => {
      const held = this.#unit(jobId, thumbprint);
      if (held) return { unitIndex: held.unitIndex, taken: false };
      // Indexes are dense and rows are never deleted, so the next index is the number of units taken. Should
      // two transactions ever count the same number, UNIQUE (job_id, unit_index) lets only one of them end.
      const taken = this.#database.one(
        rows.toUnit,
        `INSERT INTO units
         SELECT job_id, ?, next_index, ?
         FROM (SELECT job_id, quota, state,
                 (SELECT coalesce(max(unit_index) + 1, 0) FROM units u WHERE u.job_id = jobs.job_id) AS next_index
               FROM jobs WHERE job_id = ?)
         WHERE state = 'approved' AND next_index < quota
         RETURNING *`,
        thumbprint,
        atMs,
        jobId,
      );
      if (!taken) return undefined;
      this.#database.run(
        'INSERT INTO devices VALUES (?, ?, ?) ON CONFLICT (thumbprint) DO NOTHING',
        thumbprint,
        certificate,
        atMs,
      );
      this.#append(request.event(taken.unitIndex));
      return { unitIndex: taken.unitIndex, taken: true };
    });
  }

  #unit(jobId: Bytes, thumbprint: Bytes): UnitRecord | undefined {
    const sql = 'SELECT * FROM units WHERE job_id = ? AND thumbprint = ?';
    return this.#database.one(rows.toUnit, sql, jobId, thumbprint);
  }

  async findUnit(jobId: Bytes, thumbprint: Bytes): Promise<UnitRecord | undefined> {
    return this.#unit(jobId, thumbprint);
  }

  async listUnits(jobId: Bytes): Promise<UnitRecord[]> {
    return this.#database.all(rows.toUnit, 'SELECT * FROM units WHERE job_id = ? ORDER BY unit_index', jobId);
  }

  async findDevice(thumbprint: Bytes): Promise<DeviceRecord | undefined> {
    return this.#database.one(rows.toDevice, 'SELECT * FROM devices WHERE thumbprint = ?', thumbprint);
  }

  async listDevices(jobId: Bytes): Promise<DeviceRecord[]> {
    return this.#database.all(
      rows.toDevice,
      'SELECT d.* FROM devices d JOIN units u USING (thumbprint) WHERE u.job_id = ? ORDER BY u.unit_index',
      jobId,
    );
  }

  async insertLicense(
    license: LicenseRecord,
    event: LogEvent,
  ): Promise<{ license: LicenseRecord; inserted: boolean } | undefined> {
    const l = license;
    return this.#database.transaction(() => {
      const inserted = this.#database.changed(
        `INSERT INTO licenses (license_id, job_id, thumbprint, unit_index, manifest_digest, nonce, request_id, mode,
           license_digest, bundle, issued_at_ms)
         SELECT ?, job_id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM jobs WHERE job_id = ? AND state = 'approved'
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
        l.jobId,
      );
      if (inserted) {
        this.#append(event);
        return { license, inserted };
      }
      const present = this.#licenseByRequest(l.jobId, l.requestId) ?? this.#licenseByNonce(l);
      return present && { license: present, inserted };
    });
  }

  #licenseByRequest(jobId: Bytes, requestId: string): LicenseRecord | undefined {
    const sql = 'SELECT * FROM licenses WHERE job_id = ? AND request_id = ?';
    return this.#database.one(rows.toLicense, sql, jobId, requestId);
  }

  #licenseByNonce(
    key: Pick<LicenseRecord, 'jobId' | 'thumbprint' | 'manifestDigest' | 'nonce'>,
  ): LicenseRecord | undefined {
    const sql =
      'SELECT * FROM licenses WHERE job_id = ? AND thumbprint = ? AND manifest_digest = ? AND nonce = ?';
    return this.#database.one(rows.toLicense, sql, key.jobId, key.thumbprint, key.manifestDigest, key.nonce);
  }

  async findLicense(licenseId: Bytes): Promise<LicenseRecord | undefined> {
    return this.#database.one(rows.toLicense, 'SELECT * FROM licenses WHERE license_id = ?', licenseId);
  }

  async findLicenseByRequest(jobId: Bytes, requestId: string): Promise<LicenseRecord | undefined> {
    return this.#licenseByRequest(jobId, requestId);
  }

  async findLicenseByNonce(
    key: Pick<LicenseRecord, 'jobId' | 'thumbprint' | 'manifestDigest' | 'nonce'>,
  ): Promise<LicenseRecord | undefined> {
    return this.#licenseByNonce(key);
  }

  async listLicenses(jobId: Bytes): Promise<LicenseRecord[]> {
    return this.#database.all(
      rows.toLicense,
      'SELECT * FROM licenses WHERE job_id = ? ORDER BY ordinal',
      jobId,
    );
  }

  async insertReceipt(receipt: ReceiptRecord, event: LogEvent): Promise<boolean> {
    return this.#database.transaction(
      () =>
        this.#database.changed(
          `INSERT INTO receipts (receipt_digest, license_id, job_id, receipt, challenge, fresh, outcome, stored_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (receipt_digest) DO NOTHING`,
          receipt.receiptDigest,
          receipt.licenseId,
          receipt.jobId,
          receipt.receipt,
          receipt.challenge ?? null,
          receipt.fresh ? 1 : 0,
          receipt.outcome,
          receipt.storedAtMs,
        ) && this.#append(event),
    );
  }

  async findReceipt(receiptDigest: Bytes): Promise<ReceiptRecord | undefined> {
    return this.#database.one(
      rows.toReceipt,
      'SELECT * FROM receipts WHERE receipt_digest = ?',
      receiptDigest,
    );
  }

  async listReceipts(jobId: Bytes): Promise<ReceiptRecord[]> {
    return this.#database.all(
      rows.toReceipt,
      'SELECT * FROM receipts WHERE job_id = ? ORDER BY ordinal',
      jobId,
    );
  }

  async insertChallenge(item: ChallengeRecord): Promise<void> {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM challenges WHERE expires_at_ms < ?', item.createdAtMs);
      this.#database.run(
        'INSERT INTO challenges VALUES (?, ?, ?, ?, ?)',
        item.challenge,
        item.jobId,
        item.purpose,
        item.createdAtMs,
        item.expiresAtMs,
      );
    });
  }

  async findChallenge(key: {
    challenge: Bytes;
    jobId: Bytes;
    purpose: ChallengePurpose;
    nowMs: number;
  }): Promise<ChallengeRecord | undefined> {
    return this.#database.one(
      rows.toChallenge,
      'SELECT * FROM challenges WHERE challenge = ? AND job_id = ? AND purpose = ? AND expires_at_ms >= ?',
      key.challenge,
      key.jobId,
      key.purpose,
      key.nowMs,
    );
  }

  async insertToken(token: TokenRecord, event: LogEvent): Promise<void> {
    this.#database.transaction(() => {
      this.#database.run(
        'INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL)',
        token.tokenHash,
        token.tokenId,
        token.scope,
        token.jobId ?? null,
        token.label,
        token.createdAtMs,
      );
      this.#append(event);
    });
  }

  async findToken(tokenHash: Bytes): Promise<TokenRecord | undefined> {
    return this.#database.one(rows.toToken, 'SELECT * FROM tokens WHERE token_hash = ?', tokenHash);
  }

  async listTokens(): Promise<TokenRecord[]> {
    return this.#database.all(rows.toToken, 'SELECT * FROM tokens ORDER BY created_at_ms DESC, rowid DESC');
  }

  async revokeToken(tokenId: string, atMs: number, event: LogEvent): Promise<boolean> {
    const sql = 'UPDATE tokens SET revoked_at_ms = ? WHERE token_id = ? AND revoked_at_ms IS NULL';
    return this.#database.transaction(
      () => this.#database.changed(sql, atMs, tokenId) && this.#append(event),
    );
  }

  async appendLog(event: LogEvent): Promise<void> {
    this.#database.transaction(() => this.#append(event));
  }

  async readLog(from: number, limit: number): Promise<LogRow[]> {
    const sql = 'SELECT * FROM log WHERE sequence >= ? ORDER BY sequence LIMIT ?';
    return this.#database.all(rows.toLogRow, sql, from, limit);
  }

  async logHead(): Promise<LogHead> {
    return this.#head();
  }

  #head(): LogHead {
    const last = this.#database.one(rows.toLogRow, 'SELECT * FROM log ORDER BY sequence DESC LIMIT 1');
    return last ? { size: last.sequence + 1, head: last.head } : { size: 0, head: emptyHead };
  }

  async withSnapshot<T>(read: (reader: StoreReader) => Promise<T>): Promise<T> {
    const snapshot = this.#database.openSnapshot();
    try {
      return await read(new SqliteStore(snapshot, this.#crypto));
    } finally {
      snapshot.close();
    }
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  /** Only inside a transaction: the head that it reads must still be the head when the row is committed. */
  #append(event: LogEvent): true {
    const row = nextLogRow(this.#crypto, this.#head(), event);
    this.#database.run(
      'INSERT INTO log VALUES (?, ?, ?, ?, ?)',
      row.sequence,
      row.entry,
      row.salt,
      row.leaf,
      row.head,
    );
    return true;
  }
}

/**
 * Opens the database file, which only its owner may read, or makes it, and brings it to the newest schema.
 * Throws `store-version-newer`, `store-not-ours`, `store-busy` (another process held
 * the lock for `busyTimeoutMs`).
 */
export function openSqliteStore(options: { path: string; crypto: Crypto; busyTimeoutMs?: number }): Store {
  const { path, crypto, busyTimeoutMs = 5000 } = options;
  return new SqliteStore(SqliteDatabase.open(path, busyTimeoutMs), crypto);
}
