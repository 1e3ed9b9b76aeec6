// Under which conditions a virtual line runs. The defaults are those of a sound line; a test changes one
// condition at a time, takes a defence away with it, and looks whether what it tests tells.

import type { Store } from '@firmseal/authority';

export interface LineConditions {
  /** Fixes unique ids and random numbers of each chip; two chips of one seed would make the same keys. */
  readonly chipSeed: (index: number) => string;
  /** Stands between the authority and its database. */
  readonly wrapStore: (store: Store) => Store;
  /** What reaches the auditor: lines of evidence. */
  readonly evidence: (lines: AsyncIterable<string>) => AsyncIterable<string>;
  /** What the station reads of a chip's receipt. */
  readonly receipt: (receipt: Uint8Array) => Uint8Array;
}

export const defaultConditions: LineConditions = {
  chipSeed: (index) => `line/${index}`,
  wrapStore: (store) => store,
  evidence: (lines) => lines,
  receipt: (receipt) => receipt,
};
