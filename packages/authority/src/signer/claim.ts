// What the signer's table is asked to count: a chip, for a job in its terms.

import type { Bytes } from '@firmseal/bytes';
import type { StopKey } from '../store/store.ts';

export interface PinnedJob {
  readonly jobId: Bytes;
  readonly product: string;
  readonly quota: number;
  /** SHA-256 of its terms: they never change. */
  readonly terms: Bytes;
}

export interface Claim {
  readonly job: PinnedJob;
  readonly thumbprint: Bytes;
  readonly unitIndex: number;
  /** Whether no other chip may ever have had the unit: its per-device data is given once. */
  readonly isUnitOwn: boolean;
  /** SHA-256 of what is asked for: the same again is no further license. */
  readonly request: Bytes;
  /** Unwraps that a license of it allows. */
  readonly ceiling: number;
  readonly atMs: number;
  readonly stops: readonly StopKey[];
}
