// Areas of a package: what is stored where. spec/package.md section 3 and step 6 of section 6: everything
// about areas that can be checked without knowing the chip.

import { type CborInput, type CborValue, field, integer, mapOf, oneOf } from '@firmseal/cbor-cose';
import { agentHeaderBytes } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { count, readValue, word, wordMax } from '@firmseal/formats';

/** Numbers on the wire. 4, module of another owner, is reserved. */
const areaNumbers = { firmware: 1, 'generated-keys': 2, 'device-data': 3, agent: 5 } as const;
export type AreaKind = keyof typeof areaNumbers;
export const areaKinds = Object.keys(areaNumbers) as readonly AreaKind[];

const updateChoices = ['keep', 'renew'] as const;

export interface Area {
  readonly kind: AreaKind;
  /** Canonical flash address of the first byte, where it is stored. */
  readonly address: number;
  readonly lengthBytes: number;
  /** Generated keys only: what an update does with the keys that are there. */
  readonly onUpdate?: (typeof updateChoices)[number];
  /** Agents only: the counter of the image (spec/agent-image.md). */
  readonly agentCounter?: number;
}

/** Whether records bring its content. */
export const hasRecords = ({ kind }: Pick<Area, 'kind'>): boolean => kind === 'firmware' || kind === 'agent';

export const areaCountMax = 8;
/** Addresses and lengths are multiples of this on every chip. */
export const areaAlignmentBytes = 32;
/** Limit of one area of generated keys or per-device data, and of all per-device data together. */
export const smallAreaMaxBytes = 1024;
const entryAlignmentBytes = 128;

export function encodeAreas(areas: readonly Area[]): CborInput {
  return areas.map((area) => {
    const map = new Map<number, number>([
      [0, areaNumbers[area.kind]],
      [1, area.address],
      [2, area.lengthBytes],
    ]);
    if (area.agentCounter !== undefined) map.set(3, area.agentCounter);
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

const agentArea = mapOf({
  kind: field(0, oneOf(5)),
  address: field(1, word),
  lengthBytes: field(2, integer(1, wordMax)),
  agentCounter: field(3, count),
});

function readArea(value: CborValue): Area {
  const kind = value instanceof Map ? value.get(0) : undefined;
  if (kind === 2) {
    const area = readValue(value, 'area-malformed', 'area', generatedArea);
    return { ...area, kind: 'generated-keys', onUpdate: updateChoices[area.onUpdate - 1]! };
  }
  if (kind === 5) return { ...readValue(value, 'area-malformed', 'area', agentArea), kind: 'agent' };
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

/** Whether the area is an agent, and the entry its vector table. */
const isAgentEntry = (entry: number, [first]: readonly Area[]): boolean =>
  first?.kind === 'agent' && entry === first.address + agentHeaderBytes;

/**
 * The entry is a vector table inside an area of firmware, on a multiple of 128, or that of an agent.
 * Throws `entry-outside-firmware`.
 */
export function checkEntry(entry: number, areas: readonly Area[]): void {
  if (areas[0]?.kind === 'agent') {
    if (!isAgentEntry(entry, areas)) throw new Fault('entry-outside-firmware', { entry });
    return;
  }
  const inside = areas.some(
    ({ kind, address, lengthBytes }) =>
      kind === 'firmware' && entry >= address && entry < address + lengthBytes,
  );
  if (!inside || entry % entryAlignmentBytes !== 0) throw new Fault('entry-outside-firmware', { entry });
}
