// An area of an .sfi file, and what its types are for (spec/sfi.md section 1).

import type { Bytes } from '@firmseal/bytes';

export interface SfiArea {
  /** `F`, or `0x07` for a byte that is no printable character. */
  readonly type: string;
  readonly imageVersion: number;
  /** As the file says; areas count from 1. */
  readonly index: number;
  readonly sizeBytes: number;
  readonly destinationAddress: number;
  /** The count of areas, which every area repeats. */
  readonly totalAreas: number;
  readonly tag: Bytes;
  /** Where its header stands in the file. */
  readonly offset: number;
  readonly header: Bytes;
  readonly payload: Bytes;
}

/** What each type is for, where that is public. */
export const areaTypes: Readonly<Record<string, string>> = {
  F: 'firmware',
  M: 'module',
  C: 'option bytes',
  P: 'pause: the chip resets here and continues',
  R: 'resume after the pause',
  E: 'external flash',
  K: 'keys that the chip makes itself',
};
