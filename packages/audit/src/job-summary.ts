// What an audit says of a job as a whole, and of each install in it.

import type { Origin } from '@firmseal/formats';
import type { Outcome, ReceiptFile } from '@firmseal/license';
import type { StationResult } from '@firmseal/station';

/**
 * Issued against proven, for people. The last two are no faults: an install may be under way, or a line
 * offline. A receipt of which the owner takes not every weakness counts as none there.
 */
export interface JobSummary {
  readonly job: string;
  readonly product: string;
  readonly quota: number;
  /**
   * Keys were given for its product. Without them no signature was looked at: all counts are as the log says,
   * and nothing is `installed` or `stated`.
   */
  readonly hasKeys: boolean;
  /** Taken and not voided. */
  readonly units: number;
  readonly voided: number;
  readonly licenses: number;
  readonly receipts: number;
  /** Units with a receipt that verified, and whose every weakness the owner of the job takes. */
  readonly installed: number;
  /** Receipts by what the install is called. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Units by the newest statement of a station that verified: without proof, and not among `installed`. */
  readonly stated: Readonly<Partial<Record<StationResult, number>>>;
  readonly unitsWithoutLicense: number;
  readonly unitsWithoutReceipt: number;
}

/** What was installed where, by a receipt that verified. */
export interface AuditedInstall {
  readonly job: string;
  readonly unitIndex: number;
  readonly thumbprint: string;
  readonly chip: string;
  readonly firmwareVersion: string;
  readonly securityCounter: number;
  readonly manifestDigest: string;
  /** SHA-256 of the software bill of materials, as the package's signer signed it; absent without one. */
  readonly sbomDigest?: string;
  readonly receiptDigest: string;
  /** When the authority kept the receipt. */
  readonly storedAtMs: number;
  readonly fresh: boolean;
  readonly readoutLevel: number;
  /** How the identity of the chip came about. */
  readonly origin: Origin;
  /** What the install is called (spec/receipt.md section 4). */
  readonly outcome: Outcome;
  /** Whether the owner of the job takes every weakness of it. */
  readonly accepted: boolean;
}

/** The objects that prove an install, besides the delegation of the device CA: a receipt file. */
export type InstallObjects = Omit<ReceiptFile, 'deviceCaDelegation'>;
