// Writes .sfi files of version 1, for tests alone: nothing in the product makes one. The encryption is the
// caller's, because the public documents leave two points of it open.

import { type Bytes, concatBytes, u32le, utf8 } from '@firmseal/bytes';

export interface AreaToWrite {
  readonly type: string | number;
  readonly payload: Bytes;
  readonly destinationAddress?: number;
  readonly imageVersion?: number;
  readonly index?: number;
  readonly totalAreas?: number;
  readonly tag?: Bytes;
  /** What the header says, when it shall lie. */
  readonly sizeBytes?: number;
}

const u16le = (value: number): Bytes => Uint8Array.of(value & 0xff, value >>> 8);
const noTag = new Uint8Array(16);

export function writeArea(area: AreaToWrite, position: number, count: number): Bytes {
  const { type, payload, destinationAddress = 0, imageVersion = 0x17, tag = noTag } = area;
  return concatBytes(
    Uint8Array.of(typeof type === 'number' ? type : type.charCodeAt(0), imageVersion),
    u16le(area.index ?? position),
    u32le(area.sizeBytes ?? payload.length),
    u32le(destinationAddress),
    u16le(area.totalAreas ?? count),
    tag,
    payload,
  );
}

/** The image header of a version, and the areas behind it. */
export function writeSfi(
  areas: readonly AreaToWrite[],
  { version = 1, count = areas.length, tag = noTag }: { version?: number; count?: number; tag?: Bytes } = {},
): Bytes {
  const written = areas.map((area, index) => writeArea(area, index + 1, count));
  return concatBytes(utf8('SFIMAGIC'), u16le(version), u16le(count), tag, ...written);
}
