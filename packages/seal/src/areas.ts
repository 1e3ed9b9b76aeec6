// Areas of a package: what is stored where. spec/package.md section 3 and step 6 of section 6: everything
// about areas that can be checked without knowing the chip.

import { type CborInput, type CborValue, field, integer, mapOf, oneOf } from '@firmseal/cbor-cose';
import { Fault } from '@firmseal/fault';
import { readValue, word, wordMax } from '@firmseal/formats';

/** In the order of their numbers on the wire, from 1. Kind 4, module of another owner, is reserved. */
export const areaKinds = ['firmware', 'generated-keys', 'device-data'] as const;
export type AreaKind = (typeof areaKinds)[number];

const updateChoices = ['keep', 'renew'] as const;

export interface Area {
  readonly kind: AreaKind;
  /** Canonical flash address of the first byte, where it is stored. */
  readonly address: number;
  readonly lengthBytes: number;
  /** Generated keys only: what an update does with the keys that are there. */
  readonly onUpdate?: (typeof updateChoices)[number];
}

export const areaCountMax = 8;
/** Addresses and lengths are multiples of this on every chip. */
export const areaAlignmentBytes = 32;
/** Limit of one area of generated keys or per-device data, and of all per-device data together. */
export const smallAreaMaxBytes = 1024;
const entryAlignmentBytes = 128;

export function encodeAreas(areas: readonly Area[]): CborInput {
  return areas.map((area) => {
    const map = new Map<number, number>([
      [0, areaKinds.indexOf(area.kind) + 1],
      [1, area.address],
      [2, area.lengthBytes],
    ]);
    if (area.onUpdate) map.set(3, updateChoices.indexOf(area.onUpdate) + 1);
    return map;
  });
}

const smallLength = integer(1, smallAreaMaxBytes);
const firmwareArea = mapOf({
  kind: field(0, oneOf(1)),
  address: field(1, word),
  lengthBytes: field(2, integer(1, wordMax)),
});
const generatedArea = mapOf({
  kind: field(0, oneOf(2)),
  address: field(1, word),
  lengthBytes: field(2, smallLength),
  onUpdate: field(3, integer(1, updateChoices.length)),
});
const deviceArea = mapOf({
  kind: field(0, oneOf(3)),
  address: field(1, word),
  lengthBytes: field(2, smallLength),
});

function readArea(value: CborValue): Area {
  const kind = value instanceof Map ? value.get(0) : undefined;
  if (kind === 2) {
    const area = readValue(value, 'area-malformed', 'area', generatedArea);
    return { ...area, kind: 'generated-keys', onUpdate: updateChoices[area.onUpdate - 1]! };
  }
  if (kind === 3) return { ...readValue(value, 'area-malformed', 'area', deviceArea), kind: 'device-data' };
  return { ...readValue(value, 'area-malformed', 'area', firmwareArea), kind: 'firmware' };
}

/**
 * Reads key 6 of the core, one area after the other. Throws `area-malformed` (not an array of 1 to 8; shape,
 * kind, length; order or overlap with the area before it; end beyond 2^32; too much per-device data),
 * `area-misaligned` (not multiples of 32).
 */
export function readAreas(value: CborValue): Area[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > areaCountMax)
    throw new Fault('area-malformed');
  let endBefore = 0;
  let deviceDataBytes = 0;
  return value.map((item, ordinal) => {
    const area = readArea(item);
    // Both are at most 2^32 - 1, so the sum is exact in a double.
    const end = area.address + area.lengthBytes;
    if (area.kind === 'device-data') deviceDataBytes += area.lengthBytes;
    if (area.address < endBefore || end > 2 ** 32 || deviceDataBytes > smallAreaMaxBytes)
      throw new Fault('area-malformed', { area: ordinal });
    if (area.address % areaAlignmentBytes !== 0 || area.lengthBytes % areaAlignmentBytes !== 0)
      throw new Fault('area-misaligned', { area: ordinal });
    endBefore = end;
    return area;
  });
}

/**
 * The entry is a vector table inside an area of firmware, on a multiple of 128.
 * Throws `entry-outside-firmware`.
 */
export function checkEntry(entry: number, areas: readonly Area[]): void {
  const inside = areas.some(
    ({ kind, address, lengthBytes }) =>
      kind === 'firmware' && entry >= address && entry < address + lengthBytes,
  );
  if (!inside || entry % entryAlignmentBytes !== 0) throw new Fault('entry-outside-firmware', { entry });
}
