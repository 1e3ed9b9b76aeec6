// What plain programming tells while it runs, as typed records: progress display, logs and JSON lines are
// made of them.

import type { ChipIdentity } from '../chip-programmer.ts';

export type FlashStage = 'compare' | 'erase' | 'write' | 'verify';

export type FlashEvent =
  | { readonly event: 'identified'; readonly chip: string; readonly identity: ChipIdentity }
  /** `done` of `total`: bytes, for `erase` units. */
  | {
      readonly event: 'progress';
      readonly stage: FlashStage;
      readonly done: number;
      readonly total: number;
    }
  /** A unit that looked erased did not take its bytes: it is erased and written once more. */
  | { readonly event: 'unit-again'; readonly address: number }
  | { readonly event: 'unprotected' }
  | { readonly event: 'options-in-force'; readonly fields: readonly string[] }
  /** At level 2, and closed on H5, a chip answers nobody: that it does not is all that can be seen. */
  | { readonly event: 'chip-closed' }
  | { readonly event: 'started'; readonly address: number };

export type OnFlashEvent = (event: FlashEvent) => void;
