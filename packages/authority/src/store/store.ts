// What the authority needs of a database. Every method that writes is one transaction that is durable when
// its promise resolves, and appends its log entry in that same transaction: state and log cannot part
// company. No method is open across a signature, so any number of replicas may share one store.
// test/store-conformance.ts holds every implementation to what the comments below promise.

import type { Bytes } from '@firmseal/bytes';
import type { Outcome } from '@firmseal/license';
import type { LogEvent, LogHead, LogRow } from '../log/entry.ts';
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

export interface JobCounts {
  readonly units: number;
  readonly licenses: number;
  readonly receipts: number;
  /** Receipts by what the install is called. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

export type NewPackage = Omit<PackageRecord, 'ordinal' | 'approved'>;

export interface NewJob {
  readonly job: Omit<JobRecord, 'state'>;
  readonly package: Omit<NewPackage, 'jobId'>;
  /** Sealed per-device data by unit index; empty, or one a unit of the quota. */
  readonly deviceData: readonly Bytes[];
}

export interface UnitRequest {
  readonly jobId: Bytes;
  readonly thumbprint: Bytes;
  readonly certificate: Bytes;
  readonly atMs: number;
  /** The log entry, given the index that the unit got; called only when a unit is taken. */
  readonly event: (unitIndex: number) => LogEvent;
}

export interface Store {
  /** A job in state open, with its first package and its per-device data. */
  insertJob(job: NewJob, event: LogEvent): Promise<void>;
  /**
   * Adds a package, not yet approved, to a job that is not closed. False: the job is
   * closed, unknown, or has it.
   */
  insertPackage(item: NewPackage, event: LogEvent): Promise<boolean>;
  /** Approves the job and every package it has. False, and nothing logged: closed or unknown. */
  approveJob(jobId: Bytes, event: LogEvent): Promise<boolean>;
  /** False, and nothing logged: closed before, or unknown. */
  closeJob(jobId: Bytes, event: LogEvent): Promise<boolean>;
  findJob(jobId: Bytes): Promise<JobRecord | undefined>;
  /** Newest first. */
  listJobs(): Promise<JobRecord[]>;
  /** In ascending ordinal. */
  listPackages(jobId: Bytes): Promise<PackageRecord[]>;
  countJob(jobId: Bytes): Promise<JobCounts>;
  findDeviceData(jobId: Bytes, unitIndex: number): Promise<Bytes | undefined>;

  /**
   * Takes a unit of an approved job for a device, unless the device has one: the count, the comparison
   * with the quota and the insert are one statement, and unit indexes are dense from 0. The device's
   * certificate is kept the first time. `taken` is false when the device had the unit before. Undefined:
   * no unit left, or the job is not approved.
   */
  takeUnit(request: UnitRequest): Promise<{ unitIndex: number; taken: boolean } | undefined>;
  findUnit(jobId: Bytes, thumbprint: Bytes): Promise<UnitRecord | undefined>;
  /** In ascending unit index. */
  listUnits(jobId: Bytes): Promise<UnitRecord[]>;
  findDevice(thumbprint: Bytes): Promise<DeviceRecord | undefined>;
  /** Devices that hold a unit of the job, in ascending unit index. */
  listDevices(jobId: Bytes): Promise<DeviceRecord[]>;

  /**
   * Keeps a license of an approved job. One exists for each (job, request id) and for each (job, device,
   * manifest, nonce): when either is there already, that one is returned with `inserted` false. Undefined:
   * the job is not approved (any more).
   */
  insertLicense(
    license: LicenseRecord,
    event: LogEvent,
  ): Promise<{ license: LicenseRecord; inserted: boolean } | undefined>;
  findLicense(licenseId: Bytes): Promise<LicenseRecord | undefined>;
  findLicenseByRequest(jobId: Bytes, requestId: string): Promise<LicenseRecord | undefined>;
  findLicenseByNonce(
    key: Pick<LicenseRecord, 'jobId' | 'thumbprint' | 'manifestDigest' | 'nonce'>,
  ): Promise<LicenseRecord | undefined>;
  /** In the order of issue. */
  listLicenses(jobId: Bytes): Promise<LicenseRecord[]>;

  /** False, and nothing logged: a receipt with this digest is there already. */
  insertReceipt(receipt: ReceiptRecord, event: LogEvent): Promise<boolean>;
  findReceipt(receiptDigest: Bytes): Promise<ReceiptRecord | undefined>;
  /** In the order of arrival. */
  listReceipts(jobId: Bytes): Promise<ReceiptRecord[]>;

  /** Keeps a challenge and forgets those that expired before `createdAtMs`. Not logged. */
  insertChallenge(challenge: ChallengeRecord): Promise<void>;
  /** The challenge when it was given for this job and purpose and has not expired at `nowMs`. */
  findChallenge(key: {
    challenge: Bytes;
    jobId: Bytes;
    purpose: ChallengePurpose;
    nowMs: number;
  }): Promise<ChallengeRecord | undefined>;

  insertToken(token: TokenRecord, event: LogEvent): Promise<void>;
  findToken(tokenHash: Bytes): Promise<TokenRecord | undefined>;
  /** Newest first. */
  listTokens(): Promise<TokenRecord[]>;
  /** False, and nothing logged: unknown or revoked before. */
  revokeToken(tokenId: string, atMs: number, event: LogEvent): Promise<boolean>;

  /** For what changes no other row. */
  appendLog(event: LogEvent): Promise<void>;
  /** At most `limit` rows from sequence `from` on, ascending. */
  readLog(from: number, limit: number): Promise<LogRow[]>;
  logHead(): Promise<LogHead>;

  /** Runs `read` on a view of the store that stands still while others write. */
  withSnapshot<T>(read: (reader: StoreReader) => Promise<T>): Promise<T>;

  close(): Promise<void>;
}

/** What can be asked of a snapshot. */
export type StoreReader = Pick<
  Store,
  | 'listJobs'
  | 'listPackages'
  | 'listUnits'
  | 'listDevices'
  | 'listLicenses'
  | 'listReceipts'
  | 'readLog'
  | 'logHead'
>;

/**
 * The methods that write durably: what a fault-injecting wrapper counts. A challenge is
 * durable too, but counts for nothing.
 */
export const durableWrites = [
  'insertJob',
  'insertPackage',
  'approveJob',
  'closeJob',
  'takeUnit',
  'insertLicense',
  'insertReceipt',
  'insertToken',
  'revokeToken',
  'appendLog',
] as const satisfies readonly (keyof Store)[];
