// The records that a store keeps. Ids and digests are bytes; times are milliseconds since 1970, UTC.
// What the fields mean is the service's affair; a store only keeps the constraints that store.ts names.

import type { Bytes } from '@firmseal/bytes';
import type { AcceptedWeaknesses, Outcome } from '@firmseal/license';

export type JobState = 'open' | 'approved' | 'closed';
export type LicenseMode = 'session' | 'standing';
export type TokenScope = 'owner' | 'line' | 'auditor';
export type ChallengePurpose = 'hello' | 'receipt';

export interface JobRecord {
  readonly jobId: Bytes;
  readonly product: string;
  readonly quota: number;
  readonly mode: LicenseMode;
  /** What the owner takes besides PASS. */
  readonly accepts: AcceptedWeaknesses;
  readonly state: JobState;
  readonly createdAtMs: number;
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

export interface UnitRecord {
  readonly jobId: Bytes;
  readonly thumbprint: Bytes;
  readonly unitIndex: number;
  readonly takenAtMs: number;
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

export interface DeviceRecord {
  readonly thumbprint: Bytes;
  readonly certificate: Bytes;
  readonly firstSeenAtMs: number;
}

export interface ChallengeRecord {
  readonly challenge: Bytes;
  readonly jobId: Bytes;
  readonly purpose: ChallengePurpose;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
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
  readonly createdAtMs: number;
  readonly revokedAtMs?: number;
}
