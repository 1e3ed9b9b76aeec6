// What a firmware file says, whatever its format.

import type { Segment } from './segment.ts';

export const imageFormats = ['elf', 'hex', 'srec', 'bin', 'dfu'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** Segments are sorted by address, do not overlap, and adjacent ones are merged. */
export interface FirmwareImage {
  readonly format: ImageFormat;
  readonly segments: readonly Segment[];
  /** As it stands in the file: for a Thumb target bit 0 is set. Absent when the file states none. */
  readonly entry?: number;
  /** What the reader found worth telling a person, in sentences or names from the file (printable ASCII). */
  readonly notes: readonly string[];
}
