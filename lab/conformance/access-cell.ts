// What one attempt at a chip's memory through one door at one readout level came to: a cell of the table of
// access against level. Doors measure cells; tables and comparisons are made of them.

import type { ReadoutLevel } from '@firmseal/chips';

export interface AccessCell {
  readonly chip: string;
  readonly door: 'uart-rom' | 'dfu-rom';
  readonly level: ReadoutLevel;
  readonly action: string;
  readonly outcome: 'done' | 'refused' | 'no-answer';
  /** The refusal as the protocol says it: `NACK`, `errVENDOR`. */
  readonly answer: string;
  /** Readout level afterwards. */
  readonly levelAfter: ReadoutLevel;
  /** Whether the content that stood in flash still does. */
  readonly contentKept: boolean;
}
