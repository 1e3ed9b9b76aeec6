// What an audit can find. A finding contradicts what the owner was promised; a notice
// is for the auditor to judge.

export type FindingCode =
  /** The checkpoint of the ledger is not signed or cosigned as the auditor asks for. */
  | 'checkpoint-invalid'
  /** A file of the ledger is missing, cut, or not what the others say. */
  | 'ledger-file-wrong'
  /** The tree over the entries has another root than the checkpoint. */
  | 'ledger-root-wrong'
  /** A line of the evidence is not of the interface, or the evidence was cut. */
  | 'evidence-malformed'
  /** A row of the log is missing, moved, or not what its hash says. */
  | 'log-broken'
  /** An authority has at least the entry of its first token. */
  | 'log-empty'
  /** The log is shorter than a head that was noted earlier. */
  | 'log-shortened'
  /** The log is as long, but is not the one whose head was noted. */
  | 'log-forked'
  /** An entry contradicts those before it. */
  | 'log-contradictory'
  /** The authority logged an alarm, and no owner has acknowledged it. */
  | 'alarm'
  /** The log tells of a row that is not there. */
  | 'row-missing'
  /** A row that the log does not tell of. */
  | 'row-unlogged'
  /** A row that differs from what the log tells. */
  | 'row-differs'
  /** More chips hold the firmware, or more units count, than the quota allows. */
  | 'quota-exceeded'
  /** More chips were certified for a site than its cap allows, or after its end. */
  | 'site-cap-exceeded'
  /** Fewer approvers signed than the root asks for, or what one signed does not count. */
  | 'approval-missing'
  /** An approval in the evidence does not verify. */
  | 'approval-invalid'
  /** The certificate of a job's end does not verify, or says other counts than the log. */
  | 'end-invalid'
  /** An older database was put back, and the root of a product that it concerns has not signed it. */
  | 'restore-unsigned'
  | 'package-invalid'
  | 'certificate-invalid'
  | 'license-invalid'
  | 'receipt-invalid'
  /** What a station asked for a unit without a certificate does not verify, or is missing. */
  | 'request-invalid'
  /** What a station said of a unit does not verify: forged, altered, or of another unit. */
  | 'outcome-invalid'
  /** The record of an identity does not verify. */
  | 'identity-invalid';

export interface Finding {
  readonly code: FindingCode;
  /** Job, hexadecimal; absent for findings about the log or the evidence as a whole. */
  readonly job?: string;
  /** What it is about: `license 0a1b...`, `entry 12`. */
  readonly subject: string;
  readonly detail: string;
}

export type NoticeCode =
  /** The auditor has no keys for the product: the rows of its jobs were held against the log alone. */
  | 'product-not-audited'
  /** The times of the log go back, or the authority's clock differs from the auditor's. */
  | 'clock'
  /** An older database was put back. */
  | 'database-restored'
  /** Approvers signed, and the auditor has not said how many have to. */
  | 'approvals-not-audited'
  /**
   * A job was approved under an earlier policy of its root, by fewer approvers than the present one asks for.
   */
  | 'approval-policy-earlier'
  /** The newest checkpoint lacks cosignatures that the policy of a job asks for. */
  | 'ledger-policy-unmet'
  /** Somebody signed a recovery statement, with which a chip makes a new journal (spec/recovery.md). */
  | 'device-recovered'
  /** How many chips the authority certified for a site, and its cap. */
  | 'site-certified'
  /** An alarm that an owner acknowledged. */
  | 'alarm-acknowledged'
  /** No head of an earlier audit was given: whether the log was shortened or replaced could not be seen. */
  | 'head-unknown';

export interface Notice {
  readonly code: NoticeCode;
  readonly detail: string;
}

/** Most findings that are kept; what follows is counted. */
export const mostFindings = 1000;
/** After so many findings the rest of the evidence is not read. */
export const mostCounted = 20_000;
