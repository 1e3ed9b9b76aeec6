// What an audit can find, and whom the auditor trusts.

import type { Bytes } from '@firmseal/bytes';

export type FindingCode =
  /** A row of the log is missing, moved, or not what its hash says. */
  | 'log-broken'
  /** The log is shorter than a head that was noted earlier. */
  | 'log-shortened'
  /** The log is as long, but is not the one whose head was noted. */
  | 'log-forked'
  /** An entry contradicts those before it. */
  | 'log-contradictory'
  /** The authority itself logged an alarm. */
  | 'alarm'
  /** The log tells of a row that is not there. */
  | 'row-missing'
  /** A row that the log does not tell of. */
  | 'row-unlogged'
  /** A row that differs from what the log tells. */
  | 'row-differs'
  | 'quota-exceeded'
  | 'product-unknown'
  | 'package-invalid'
  | 'certificate-invalid'
  | 'license-invalid'
  | 'receipt-invalid';

export interface Finding {
  readonly code: FindingCode;
  /** Job, hexadecimal; absent for findings about the log as a whole. */
  readonly job?: string;
  /** What it is about: `license 0a1b...`, `entry 12`. */
  readonly subject: string;
  readonly detail: string;
}

/** Whom the auditor trusts for one product. */
export interface AuditTrust {
  readonly product: string;
  readonly rootPublicKey: Bytes;
  /** Public keys of the device CAs that the root delegated. */
  readonly deviceCaKeys: readonly Bytes[];
}
