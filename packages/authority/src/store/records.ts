// The records that a store keeps. Ids and digests are bytes; times are milliseconds since 1970, UTC.
// What the fields mean is the service's affair; a store only keeps the constraints that store.ts names.

import type {
  ChallengePurpose,
  JobMode,
  JobState,
  LicenseMode,
  StopKind,
  TokenScope,
  WebhookEvent,
} from '@firmseal/authority-contract';
import type { Bytes } from '@firmseal/bytes';
import type { AcceptedOutcomes, Outcome } from '@firmseal/license';
import type { StationResult } from '@firmseal/station';

export interface JobRecord {
  readonly jobId: Bytes;
  readonly product: string;
  readonly quota: number;
  readonly mode: JobMode;
  /** What the owner takes besides PASS. */
  readonly accepts: AcceptedOutcomes;
  readonly state: JobState;
  readonly createdAtMs: number;
  /** No license after it; absent for a job without such an end. */
  readonly validUntilMs?: number;
  /** So many units left, or fewer, are few; 0: never. */
  readonly fewUnits: number;
  /**
   * What the ledger is asked for before a license leaves (spec/ledger.md section 9); absent: its settings.
   */
  readonly ledgerPolicy?: Bytes;
  /** Stations and sites that alone may take licenses, ascending; absent: every station. */
  readonly stations?: readonly string[];
  /**
   * Key of the per-device data rows, HPKE-wrapped to the authority (enc, then
   * ciphertext); absent without such data.
   */
  readonly deviceDataKey?: Bytes;
}

/**
 * One package of a job. Only approved ones are licensed; the newest of them (highest ordinal) is the default.
 */
export interface PackageRecord {
  readonly jobId: Bytes;
  readonly manifestDigest: Bytes;
  readonly ordinal: number;
  readonly header: Bytes;
  readonly contentKeyFile: Bytes;
  /** From the manifest, for display: whoever decides on them reads the header. */
  readonly firmwareVersion: string;
  readonly securityCounter: number;
  readonly approved: boolean;
}

/** A unit with the chip that holds it. */
export interface UnitRecord {
  readonly jobId: Bytes;
  /** Of the device, or the holder that a station named (spec/station.md section 2). */
  readonly thumbprint: Bytes;
  readonly unitIndex: number;
  readonly takenAtMs: number;
  /** Absent for a chip without identity: stations asked for it (StationRequestRecord). */
  readonly certificate?: Bytes;
  readonly firstSeenAtMs: number;
  /** Set while the unit is voided: it does not count against the quota. */
  readonly voided?: { readonly atMs: number; readonly reason: string };
}

export interface LicenseRecord {
  readonly licenseId: Bytes;
  readonly jobId: Bytes;
  readonly thumbprint: Bytes;
  readonly unitIndex: number;
  readonly manifestDigest: Bytes;
  readonly nonce: Bytes;
  readonly requestId: string;
  readonly mode: LicenseMode;
  /** Digest of the license as an object (encoding.md section 2). */
  readonly licenseDigest: Bytes;
  readonly bundle: Bytes;
  readonly issuedAtMs: number;
  /** Of its entry in the log: what was given after it has a higher one, whatever a clock says. */
  readonly logSequence: number;
}

/** Of its first entry in the log; the same evidence again changes nothing. */
export interface AlarmRecord {
  /** Sequence of the log entry. */
  readonly alarm: number;
  readonly atMs: number;
  readonly reason: string;
  readonly jobId: Bytes;
  readonly licenseId: Bytes;
  readonly thumbprint: Bytes;
  readonly acknowledged?: { readonly atMs: number; readonly by: string; readonly note: string };
}

export interface ReceiptRecord {
  readonly receiptDigest: Bytes;
  readonly licenseId: Bytes;
  readonly jobId: Bytes;
  readonly receipt: Bytes;
  /** The challenge it answers; absent for one that answers the license's nonce. */
  readonly challenge?: Bytes;
  readonly fresh: boolean;
  /** What the install is called (spec/receipt.md section 4). */
  readonly outcome: Outcome;
  readonly storedAtMs: number;
}

/** What a station asked, and was given, for a unit. */
export interface StationRequestRecord {
  readonly requestDigest: Bytes;
  readonly jobId: Bytes;
  readonly unitIndex: number;
  readonly request: Bytes;
  /** Of the station. */
  readonly delegation: Bytes;
  readonly admittedAtMs: number;
}

/** What a station said of a unit. */
export interface OutcomeRecord {
  readonly outcomeDigest: Bytes;
  readonly jobId: Bytes;
  readonly unitIndex: number;
  readonly statement: Bytes;
  /** Of the station. */
  readonly delegation: Bytes;
  readonly result: StationResult;
  readonly storedAtMs: number;
}

/** What a line told of itself last. */
export interface BoardRecord {
  /** Of the line's token. */
  readonly tokenId: string;
  readonly jobId: Bytes;
  /** Clock of the authority. */
  readonly atMs: number;
  /** JSON, as packages/authority-contract has it. */
  readonly board: string;
}

/** What an approver signed for a job, or for a recovery: of no job, its id is zero bytes. */
export interface ApprovalRecord {
  /** Of the signed object. */
  readonly approvalDigest: Bytes;
  readonly jobId: Bytes;
  readonly approval: Bytes;
  /** Of the approver. */
  readonly delegation: Bytes;
  readonly storedAtMs: number;
  /** True for one from before an older database was put back: it counts no more. */
  readonly ended: boolean;
}

/** The certificate of a job's end. */
export interface JobEndRecord {
  readonly jobId: Bytes;
  readonly endDigest: Bytes;
  readonly end: Bytes;
  /** Of the license issuer who signed it. */
  readonly delegation: Bytes;
}

/** The record of an identity, as a site brought it. */
export interface IdentityRow {
  readonly recordDigest: Bytes;
  readonly product: string;
  readonly thumbprint: Bytes;
  readonly record: Bytes;
  readonly storedAtMs: number;
}

export interface DeviceRecord {
  readonly thumbprint: Bytes;
  readonly certificate: Bytes;
  readonly firstSeenAtMs: number;
}

export interface ChallengeRecord {
  readonly challenge: Bytes;
  readonly jobId: Bytes;
  readonly purpose: ChallengePurpose;
  /** Ticks of the authority's clock, which never goes back (service/clock.ts). */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Entries of the log when it was given. */
  readonly logSize: number;
}

/** How far a job of mode update is opened (spec/rollout.md). */
export interface RolloutRecord {
  readonly jobId: Bytes;
  readonly percent: number;
  readonly halted: boolean;
  readonly haltAbovePercent: number;
  readonly origins: readonly string[];
  /** Units taken before it do not count towards a halt. */
  readonly countedFromMs: number;
}

/** A receipt that says that the update of a unit was given up. */
export interface FailureRecord {
  readonly receiptDigest: Bytes;
  readonly jobId: Bytes;
  readonly unitIndex: number;
  readonly receipt: Bytes;
  readonly storedAtMs: number;
}

/** A device, product or station that gets no license. */
export interface StopRecord {
  readonly kind: StopKind;
  readonly name: string;
  readonly reason: string;
  readonly atMs: number;
}

/** A request under an idempotency key. */
export interface RequestRecord {
  readonly keyHash: Bytes;
  /** Of what was asked. */
  readonly bodyHash: Bytes;
  readonly atMs: number;
  /** Sealed under the key itself, which the store does not have. */
  readonly answer?: Bytes;
}

/** An address that is called when something happened. */
export interface WebhookRecord {
  readonly webhookId: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** Under which its calls are signed, wrapped for the signer. */
  readonly secret: Bytes;
  readonly createdAtMs: number;
  /** First entry of the log that was not looked at. */
  readonly next: number;
  /** For the event of entry `next`. */
  readonly attempts: number;
  readonly dueAtMs: number;
  readonly delivered: number;
  readonly givenUp: number;
  readonly last?: { readonly atMs: number; readonly result: string };
}

export interface TokenRecord {
  /** First 8 bytes of the hash, hexadecimal: a name that is no secret. */
  readonly tokenId: string;
  /** SHA-256 of the token's text. */
  readonly tokenHash: Bytes;
  readonly scope: TokenScope;
  /** The only job of a line token. */
  readonly jobId?: Bytes;
  readonly label: string;
  /** Of a line's token: at which station it is used. */
  readonly station?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  readonly revokedAtMs?: number;
}
