// Reads an .sfi file (spec/sfi.md section 1): the image header, then each area's header and payload, to the
// last byte. Everything in the file is somebody else's word; only what would make a reader run outside the
// file is refused. What is merely odd becomes a note. Decrypting is verify.ts's.

import type { Bytes } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { areaTypes, type SfiArea } from './area.ts';
import { noteOddities } from './oddities.ts';

const magic = 'SFIMAGIC';
const imageHeaderBytes = 28;
const areaHeaderBytes = 30;
const tagBytes = 16;

export interface SfiImage {
  /** 1, whose layout is known, or 2, whose layout is not public. */
  readonly version: number;
  readonly sizeBytes: number;
  /** Of version 2: where version 1 has it. */
  readonly areaCount: number;
  readonly headerTag: Bytes;
  readonly header: Bytes;
  /**
   * Of version 2 only where the layout of version 1 fits the file to its last byte; `areas` is a guess then.
   */
  readonly areas: readonly SfiArea[];
  readonly layout: 'known' | 'fits-version-1' | 'closed';
  /** What is unlike the files that the layout was learned from; none of it makes the file unreadable. */
  readonly notes: readonly string[];
}

/** Whether the file begins as an .sfi file does. */
export const looksLikeSfi = (file: Uint8Array): boolean =>
  file.length >= magic.length && [...magic].every((letter, index) => file[index] === letter.charCodeAt(0));

/** `offset`, `needed`: any values below 2^33, so the sum is exact. */
function require(
  file: Uint8Array,
  what: string,
  { offset, needed }: { offset: number; needed: number },
): void {
  if (offset + needed > file.length)
    throw new Fault('sfi-truncated', { what, offset, needed, sizeBytes: file.length });
}

const typeOf = (byte: number): string =>
  byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `0x${byte.toString(16).padStart(2, '0')}`;

/** type(1) | image version(1) | index(2) | size(4) | destination(4) | total(2) | tag(16) | payload(size) */
function readArea(file: Bytes, offset: number, position: number): SfiArea {
  require(file, `the header of area ${position}`, { offset, needed: areaHeaderBytes });
  const view = new DataView(file.buffer, file.byteOffset + offset, areaHeaderBytes);
  const sizeBytes = view.getUint32(4, true);
  // Attacker-controlled: up to 2^32 - 1, checked against the file before anything is cut out of it.
  const start = offset + areaHeaderBytes;
  require(file, `the payload of area ${position}`, { offset: start, needed: sizeBytes });
  return {
    type: typeOf(view.getUint8(0)),
    imageVersion: view.getUint8(1),
    index: view.getUint16(2, true),
    sizeBytes,
    destinationAddress: view.getUint32(8, true),
    totalAreas: view.getUint16(12, true),
    tag: file.subarray(start - tagBytes, start),
    offset,
    header: file.subarray(offset, start),
    payload: file.subarray(start, start + sizeBytes),
  };
}

function readAreas(file: Bytes, count: number): { areas: SfiArea[]; end: number } {
  const areas: SfiArea[] = [];
  let end = imageHeaderBytes;
  // At most 65535 turns, and each one either moves on by a whole header or throws.
  for (let position = 1; position <= count; position++) {
    const area = readArea(file, end, position);
    areas.push(area);
    end = area.offset + areaHeaderBytes + area.sizeBytes;
  }
  return { areas, end };
}

/** The areas of a version 2 file, if the layout of version 1 accounts for every byte of it. */
function guessAreas(file: Bytes, count: number): SfiArea[] | undefined {
  try {
    const { areas, end } = readAreas(file, count);
    return end === file.length && areas.every(({ type }) => type in areaTypes) ? areas : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/**
 * "SFIMAGIC" | version(2) | area count(2) | tag(16), little-endian; then the areas. The areas of the result
 * are views of `file`. Throws `sfi-magic-missing`, `sfi-truncated`, `sfi-version-unknown`.
 */
export function readSfi(file: Bytes): SfiImage {
  if (!looksLikeSfi(file)) throw new Fault('sfi-magic-missing');
  require(file, 'the image header', { offset: 0, needed: imageHeaderBytes });
  const view = new DataView(file.buffer, file.byteOffset, imageHeaderBytes);
  const version = view.getUint16(8, true);
  const areaCount = view.getUint16(10, true);
  const header = file.subarray(0, imageHeaderBytes);
  const head = {
    version,
    areaCount,
    header,
    sizeBytes: file.length,
    headerTag: file.subarray(imageHeaderBytes - tagBytes, imageHeaderBytes),
  };
  if (version === 1) {
    const { areas, end } = readAreas(file, areaCount);
    return { ...head, areas, layout: 'known', notes: noteOddities(areas, { file, end, areaCount }) };
  }
  if (version !== 2) throw new Fault('sfi-version-unknown', { version });
  const areas = guessAreas(file, areaCount);
  return areas === undefined
    ? { ...head, areas: [], layout: 'closed', notes: [] }
    : {
        ...head,
        areas,
        layout: 'fits-version-1' as const,
        notes: noteOddities(areas, { file, end: file.length, areaCount }),
      };
}
