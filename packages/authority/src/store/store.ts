// What the authority needs of a database. Every method that writes is one transaction that is durable when
// its promise resolves, and appends its log entry in that same transaction: state and log cannot part
// company. No method is open across a signature, so any number of replicas may share one store. Faults of
// any method: `store-busy`, `store-full`, `store-read-only`, `store-damaged`, `store-failed`.
// test/store-conformance.ts holds every implementation to what the comments below promise.

import type { ChallengePurpose } from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import type { LogEvent, LogHead, LogRow } from '@firmseal/ledger';
import type { Outcome } from '@firmseal/license';
import type { StationResult } from '@firmseal/station';
import type {
  AlarmRecord,
  ApprovalRecord,
  BoardRecord,
  ChallengeRecord,
  DeviceRecord,
  FailureRecord,
  IdentityRow,
  JobEndRecord,
  JobRecord,
  LicenseRecord,
  OutcomeRecord,
  PackageRecord,
  ReceiptRecord,
  RequestRecord,
  RolloutRecord,
  StationRequestRecord,
  StopRecord,
  TokenRecord,
  UnitRecord,
  WebhookRecord,
} from './records.ts';

/** Bytes that were wrapped for another key: only where `before` still stands it is replaced. */
export interface RewrappedKeys {
  readonly packages: readonly (OfJob & { readonly manifestDigest: Bytes })[];
  /** Keys of per-device data. */
  readonly jobs: readonly OfJob[];
  readonly webhooks: readonly (Change & { readonly webhookId: string })[];
}
interface Change {
  readonly before: Bytes;
  readonly after: Bytes;
}
type OfJob = Change & { readonly jobId: Bytes };

interface JobCounts {
  /** Taken and not voided. */
  readonly units: number;
  readonly voided: number;
  readonly licenses: number;
  readonly receipts: number;
  /** Units with a receipt. */
  readonly installed: number;
  /** Receipts by what the install is called. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Units by the newest statement of a station. */
  readonly stated: Readonly<Partial<Record<StationResult, number>>>;
}

export type NewPackage = Omit<PackageRecord, 'ordinal' | 'approved'>;
export type NewLicense = Omit<LicenseRecord, 'logSequence'>;
type NewApproval = Omit<ApprovalRecord, 'ended'>;
interface RolloutCounts {
  readonly installed: number;
  readonly failed: number;
  readonly silent: number;
}

export type StopKey = Pick<StopRecord, 'kind' | 'name'>;

/** What tells a license apart that was issued before. */
export type LicenseKey = Pick<
  LicenseRecord,
  'jobId' | 'requestId' | 'thumbprint' | 'manifestDigest' | 'nonce'
>;
type NewRequest = Omit<RequestRecord, 'answer'> & { readonly forgetBeforeMs: number };
type NewAlarm = Omit<AlarmRecord, 'alarm' | 'acknowledged'>;

type NewWebhook = Pick<WebhookRecord, 'webhookId' | 'url' | 'events' | 'secret' | 'createdAtMs'>;
export type WebhookProgress = Pick<
  WebhookRecord,
  'next' | 'attempts' | 'dueAtMs' | 'delivered' | 'givenUp' | 'last'
>;

interface NewJob {
  /** Without `fewUnits`, none are few. */
  readonly job: Omit<JobRecord, 'state' | 'fewUnits'> & { readonly fewUnits?: number };
  readonly package: Omit<NewPackage, 'jobId'>;
  /** Sealed per-device data by unit index; empty, or one a unit of the quota. */
  readonly deviceData: readonly Bytes[];
}

interface UnitRequest {
  readonly jobId: Bytes;
  readonly thumbprint: Bytes;
  /** Absent for a chip without identity, for which a station asks. */
  readonly certificate?: Bytes;
  /** Kept once, with its entry in the log, in the transaction that finds or takes the unit. */
  readonly station?: {
    readonly requestDigest: Bytes;
    readonly request: Bytes;
    readonly delegation: Bytes;
    readonly event: (unitIndex: number) => LogEvent;
  };
  readonly atMs: number;
  /** The log entry, given the index that the unit got; called only when a unit is taken. */
  readonly event: (unitIndex: number, how: 'unit-taken' | 'unit-retaken') => LogEvent;
}

/** A piece of a list: the items from place `from` on, at most `limit`. */
export interface Page {
  readonly from: number;
  readonly limit: number;
}

/** All that are given have to fit. */
export interface UnitFilter {
  /** The first and the last thumbprint, 32 bytes each; both are included. */
  readonly thumbprints?: { readonly first: Bytes; readonly last: Bytes };
  readonly product?: string;
  /** Of a package that the unit has a license for. */
  readonly firmwareVersion?: string;
}

/** A unit by its name. */
export interface UnitName {
  readonly jobId: Bytes;
  readonly unitIndex: number;
}

/** Units of a job by their indexes, both included. */
interface UnitRange {
  readonly jobId: Bytes;
  readonly first: number;
  readonly last: number;
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
  listJobs(page: Page): Promise<JobRecord[]>;
  /** In ascending ordinal. */
  listPackages(jobId: Bytes): Promise<PackageRecord[]>;
  countJob(jobId: Bytes): Promise<JobCounts>;
  /**
   * Once a job: that so few units are left as the job calls few. How many; undefined, and nothing logged:
   * there are more, it was noted before, or the job is unknown.
   */
  noteFewUnits(jobId: Bytes, event: (remaining: number) => LogEvent): Promise<number | undefined>;
  /** Approved jobs with so few units left. */
  countFewJobs(): Promise<number>;
  /** All of them, with one entry in the log. */
  replaceWrapped(rewrapped: RewrappedKeys, event: LogEvent): Promise<void>;
  findDeviceData(jobId: Bytes, unitIndex: number): Promise<Bytes | undefined>;

  /**
   * Takes a unit of an approved job for a device, unless the device has one: the count, the comparison with
   * the quota and the insert are one statement, and unit indexes are dense from 0. Voided units do
   * not count; a device whose unit was voided takes that one again. The device's certificate is
   * kept the first time. `taken` is false when the device had the unit before. Undefined: no unit
   * left, or the job is not approved.
   */
  takeUnit(request: UnitRequest): Promise<{ unitIndex: number; taken: boolean } | undefined>;
  findUnit(jobId: Bytes, thumbprint: Bytes): Promise<UnitRecord | undefined>;
  /** In ascending unit index, of which `from` is the first. */
  listUnits(jobId: Bytes, page: Page): Promise<UnitRecord[]>;
  /** Of all jobs, by thumbprint, and for each by job. */
  findUnits(filter: UnitFilter, page: Page): Promise<UnitName[]>;
  /**
   * Voids a unit that has no receipt and no statement DONE-UNPROVEN. False, and nothing logged: unknown,
   * voided before, or with one of these.
   */
  voidUnit(
    unit: { jobId: Bytes; unitIndex: number; reason: string; atMs: number },
    event: LogEvent,
  ): Promise<boolean>;
  /** Keeps a device that was certified. False, and nothing logged: it is known. */
  insertDevice(device: DeviceRecord, event: LogEvent): Promise<boolean>;
  /** A device with a certificate. */
  findDevice(thumbprint: Bytes): Promise<DeviceRecord | undefined>;
  /** By unit, and for each in the order in which they came. */
  listStationRequests(range: UnitRange): Promise<StationRequestRecord[]>;

  /**
   * Keeps a license of an approved job. One exists for each (job, request id) and for each (job, device,
   * manifest, nonce): when either is there already, that one is returned with `inserted` false. Undefined:
   * the job is not approved (any more).
   */
  insertLicense(
    license: NewLicense,
    event: LogEvent,
  ): Promise<{ license: LicenseRecord; inserted: boolean } | undefined>;
  findLicense(licenseId: Bytes): Promise<LicenseRecord | undefined>;
  findLicenseByRequest(jobId: Bytes, requestId: string): Promise<LicenseRecord | undefined>;
  /** Found by the request id; for a key without a request id, by job, device, manifest and nonce. */
  findLicenseOf(key: LicenseKey): Promise<LicenseRecord | undefined>;
  /** By unit, and for each in the order of issue. */
  listLicenses(range: UnitRange): Promise<LicenseRecord[]>;

  /** False, and nothing logged: a receipt with this digest is there already. */
  insertReceipt(receipt: ReceiptRecord, event: LogEvent): Promise<boolean>;
  findReceipt(receiptDigest: Bytes): Promise<ReceiptRecord | undefined>;
  /** In the order of arrival. */
  listReceipts(range: UnitRange): Promise<ReceiptRecord[]>;
  /** Of all jobs, in the order of arrival. */
  listReceiptsOfDevice(thumbprint: Bytes): Promise<ReceiptRecord[]>;

  /** False, and nothing logged: a statement with this digest is there already. */
  insertOutcome(outcome: OutcomeRecord, event: LogEvent): Promise<boolean>;
  findOutcome(outcomeDigest: Bytes): Promise<OutcomeRecord | undefined>;
  /** By unit, and for each in the order of arrival. */
  listOutcomes(range: UnitRange): Promise<OutcomeRecord[]>;

  /** False, and nothing logged: an approval with this digest is there already. */
  insertApproval(approval: NewApproval, event: LogEvent): Promise<boolean>;
  /** In the order of arrival; those of recoveries under the job id of zero bytes. */
  listApprovals(jobId: Bytes): Promise<ApprovalRecord[]>;
  /** False, and nothing logged: the job has a certificate already. */
  insertJobEnd(end: JobEndRecord, event: LogEvent): Promise<boolean>;
  findJobEnd(jobId: Bytes): Promise<JobEndRecord | undefined>;

  /** False, and nothing logged: a record with this digest is there already. */
  insertIdentity(identity: IdentityRow, event: LogEvent): Promise<boolean>;
  /** Newest first. */
  listIdentities(page: Page): Promise<IdentityRow[]>;
  /** Whose record holds these bytes anywhere, newest first: candidates for whoever reads the record. */
  findIdentities(bytes: Bytes, limit: number): Promise<IdentityRow[]>;

  /**
   * Takes the place of the token's board before. Not logged. Forgets boards that came
   * before `forgetBeforeMs`.
   */
  keepBoard(board: BoardRecord, forgetBeforeMs: number): Promise<void>;
  /** Newest first. */
  listBoards(page: Page): Promise<BoardRecord[]>;

  /** Appends an entry to the log, of a recovery or the cap of a site; nothing else is kept of it. */
  logEvent(event: LogEvent): Promise<void>;

  /** One for each (reason, license id, thumbprint). False, and nothing logged: there is one already. */
  insertAlarm(alarm: NewAlarm, event: LogEvent): Promise<boolean>;
  findAlarm(alarm: number): Promise<AlarmRecord | undefined>;
  /** Newest first. */
  listAlarms(page: Page): Promise<AlarmRecord[]>;
  /** False, and nothing logged: unknown, or acknowledged before. */
  acknowledgeAlarm(
    alarm: number,
    by: { atMs: number; by: string; note: string },
    event: LogEvent,
  ): Promise<boolean>;

  /** False, and nothing logged: it is stopped already. */
  setStop(stop: StopRecord, event: LogEvent): Promise<boolean>;
  /** False, and nothing logged: it is not stopped. */
  liftStop(key: StopKey, event: LogEvent): Promise<boolean>;
  /** One of these that is in force. */
  findStop(...keys: readonly StopKey[]): Promise<StopRecord | undefined>;
  /** Newest first. */
  listStops(page: Page): Promise<StopRecord[]>;

  /**
   * Keeps a webhook, which begins behind its own entry of the log. False, and nothing logged: there are
   * `most` already.
   */
  insertWebhook(webhook: NewWebhook, most: number, event: LogEvent): Promise<boolean>;
  /** Oldest first. */
  listWebhooks(): Promise<WebhookRecord[]>;
  /** False, and nothing logged: unknown. */
  removeWebhook(webhookId: string, event: LogEvent): Promise<boolean>;
  /**
   * For one process until `untilMs`: true when it is due, and no other has it. Times further ahead than
   * `aheadMs` are of a clock that was put back, and count as over. Not logged.
   */
  claimWebhook(claim: {
    webhookId: string;
    nowMs: number;
    untilMs: number;
    aheadMs: number;
  }): Promise<boolean>;
  /** Where its calls stand; ends the claim. Not logged. */
  noteWebhook(webhookId: string, progress: WebhookProgress): Promise<void>;

  /** Sets how far a job of mode update is opened. */
  setRollout(rollout: RolloutRecord, event: LogEvent): Promise<void>;
  findRollout(jobId: Bytes): Promise<RolloutRecord | undefined>;
  /** False, and nothing logged: a receipt with this digest is there already. */
  insertFailure(failure: FailureRecord, event: LogEvent): Promise<boolean>;
  /**
   * Of units taken from `fromMs` on and not voided: with a receipt; without one and with a failure; with
   * neither, and taken before `silentBeforeMs`.
   */
  countRollout(key: { jobId: Bytes; fromMs: number; silentBeforeMs: number }): Promise<RolloutCounts>;

  /**
   * Notes a request under an idempotency key, and forgets those of before `forgetBeforeMs`. The
   * one that was noted under this key before, with the answer when there was one; undefined:
   * this is the first. Not logged.
   */
  beginRequest(request: NewRequest): Promise<RequestRecord | undefined>;
  /** Keeps the answer of a request that has none yet. Not logged. */
  finishRequest(keyHash: Bytes, answer: Bytes): Promise<void>;
  /** Forgets a request that was refused: it had no effect. Not logged. */
  forgetRequest(keyHash: Bytes): Promise<void>;

  /** Keeps a challenge and forgets those that expired before `createdAtMs`. Not logged. */
  insertChallenge(challenge: Omit<ChallengeRecord, 'logSize'>): Promise<void>;
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
  listTokens(page: Page): Promise<TokenRecord[]>;
  /** False, and nothing logged: unknown or revoked before. */
  revokeToken(tokenId: string, atMs: number, event: LogEvent): Promise<boolean>;
  /**
   * After an older database was put back: revokes every token, approved jobs are open again,
   * and every approval has ended.
   */
  suspendAll(atMs: number, event: LogEvent): Promise<void>;

  /** At most `limit` rows from sequence `from` on, ascending. */
  readLog(from: number, limit: number): Promise<LogRow[]>;
  logHead(): Promise<LogHead>;

  /** The highest tick that was ever kept. */
  findTick(): Promise<number>;
  /** Keeps the tick when it is higher: a durable write that changes nothing else, and so a probe. */
  keepTick(atMs: number): Promise<void>;

  /**
   * A view of the store that stands still while others write. Close it soon: it keeps old pages in the file.
   */
  openSnapshot(): Promise<StoreSnapshot>;

  close(): Promise<void>;
}

/** What can be asked of a snapshot. */
export type StoreSnapshot = Pick<
  Store,
  | 'listJobs'
  | 'listPackages'
  | 'listUnits'
  | 'listLicenses'
  | 'listReceipts'
  | 'listStationRequests'
  | 'listOutcomes'
  | 'listIdentities'
  | 'listApprovals'
  | 'findJobEnd'
  | 'readLog'
  | 'logHead'
  | 'close'
>;

/**
 * The methods that write durably for line and owner: what a fault-injecting wrapper counts. Challenges,
 * boards and ticks are durable too, but count for nothing; suspendAll belongs to the start of an authority.
 */
export const durableWrites = [
  'insertJob',
  'insertPackage',
  'approveJob',
  'closeJob',
  'replaceWrapped',
  'takeUnit',
  'voidUnit',
  'insertLicense',
  'insertReceipt',
  'insertOutcome',
  'insertIdentity',
  'insertDevice',
  'insertApproval',
  'insertJobEnd',
  'setRollout',
  'insertFailure',
  'setStop',
  'liftStop',
  'insertWebhook',
  'removeWebhook',
  'logEvent',
  'noteFewUnits',
  'insertAlarm',
  'acknowledgeAlarm',
  'insertToken',
  'revokeToken',
] as const satisfies readonly (keyof Store)[];
