// Which chunk stands in which record: spec/package.md sections 3 and 5. Lengths and
// ordinals only, no cryptography.

import { hasRecords } from './areas.ts';
import type { ManifestCore } from './core.ts';

/** next (32) and tag (16). */
export const recordOverheadBytes = 48;
export const recordCountMax = 65_535;

export interface PlannedRecord {
  /** Index among all records of the package, from 0. */
  readonly index: number;
  readonly areaOrdinal: number;
  /** Index within the area, from 0. */
  readonly chunkIndex: number;
  /** Of the chunk's first byte within the area. */
  readonly offset: number;
  /** Of the plaintext. */
  readonly chunkLengthBytes: number;
  /** Last chunk of its area. */
  readonly lastOfArea: boolean;
  /** Last record of the package. */
  readonly lastOfPackage: boolean;
}

type Layout = Pick<ManifestCore, 'areas' | 'chunkSizeBytes'>;

/** Number of records of the package. */
export function countRecords({ areas, chunkSizeBytes }: Layout): number {
  let count = 0;
  for (const area of areas) if (hasRecords(area)) count += Math.ceil(area.lengthBytes / chunkSizeBytes);
  return count;
}

/** Every record in file order. */
export function* planRecords(layout: Layout): Generator<PlannedRecord> {
  const { areas, chunkSizeBytes } = layout;
  const count = countRecords(layout);
  let index = 0;
  for (const [areaOrdinal, area] of areas.entries()) {
    if (!hasRecords(area)) continue;
    for (let offset = 0; offset < area.lengthBytes; offset += chunkSizeBytes) {
      yield {
        index,
        areaOrdinal,
        chunkIndex: offset / chunkSizeBytes,
        offset,
        chunkLengthBytes: Math.min(chunkSizeBytes, area.lengthBytes - offset),
        lastOfArea: offset + chunkSizeBytes >= area.lengthBytes,
        lastOfPackage: index === count - 1,
      };
      index++;
    }
  }
}

/** Length in bytes of every record as it stands in the file. */
export function recordLengths(layout: Layout): number[] {
  return Array.from(planRecords(layout), (record) => recordOverheadBytes + record.chunkLengthBytes);
}
