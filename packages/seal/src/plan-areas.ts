// From the segments of a firmware file to the areas of a package: where they are stored on the chip, joined
// where they share an erase unit, padded to 32 bytes with what erased flash reads. spec/package.md section 3.

import { type ApplicationSlot, type Chip, eraseUnitAt, hexAddress, placeImage } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Segment } from '@firmseal/image';
import { type Area, areaAlignmentBytes, areaCountMax, smallAreaMaxBytes } from './areas.ts';
import type { SealArea } from './seal.ts';
import { requireVectorTable } from './vector-table.ts';

export interface AreaPlan {
  readonly slot: ApplicationSlot;
  readonly areas: readonly SealArea[];
  /** Address of the vector table as stored. */
  readonly entry: number;
}

export interface PlanOptions {
  /** Areas of generated keys and per-device data, at the addresses where they are stored. */
  readonly otherAreas?: readonly Area[];
  /** Address of the vector table as linked; left out, the lowest address of the firmware. */
  readonly entry?: number;
  /** For chips without agent: all of flash, each byte where it is linked (spec/station.md section 6). */
  readonly forStation?: boolean;
}

interface Placed {
  readonly address: number;
  readonly bytes: Uint8Array;
}

interface Group {
  readonly start: number;
  end: number;
  readonly pieces: Placed[];
}

const alignDown = (address: number) => address - (address % areaAlignmentBytes);
const alignUp = (address: number) => alignDown(address + areaAlignmentBytes - 1);

/** Groups of segments, ascending, none of which shares an erase unit with the next. */
function groupByEraseUnit(chip: Chip, placed: readonly Placed[]): Group[] {
  const groups: Group[] = [];
  for (const piece of placed.toSorted((a, b) => a.address - b.address)) {
    const end = alignUp(piece.address + piece.bytes.length);
    const last = groups.at(-1);
    if (last && eraseUnitAt(chip, last.end - 1)?.index === eraseUnitAt(chip, piece.address)?.index) {
      last.pieces.push(piece);
      last.end = Math.max(last.end, end);
    } else groups.push({ start: alignDown(piece.address), end, pieces: [piece] });
  }
  return groups;
}

/** The chip as a station writes it: nothing of the flash is kept for an agent. */
function withoutAgent(chip: Chip): Chip {
  const { addressStart: linkStart, sizeBytes: length } = chip.flash;
  const whole: ApplicationSlot = {
    ...{ name: 'whole-flash', linkStart, storeStart: linkStart, length, handover: 'jump' },
    meaning: 'for a chip without agent: each byte where it is linked',
  };
  return { ...chip, layout: { ...chip.layout, slots: [whole] } };
}

function fillGroup({ start, end, pieces }: Group): SealArea {
  const plaintext = new Uint8Array(end - start).fill(0xff);
  for (const { address, bytes } of pieces) plaintext.set(bytes, address - start);
  return { area: { kind: 'firmware', address: start, lengthBytes: end - start }, plaintext };
}

function refuseSharedUnits(chip: Chip, areas: readonly SealArea[]): void {
  for (const [i, { area }] of areas.entries()) {
    const before = areas[i - 1]?.area;
    const address = hexAddress(area.address);
    if (area.kind !== 'firmware' && area.lengthBytes > smallAreaMaxBytes)
      throw new Fault('area-too-large', {
        address,
        lengthBytes: area.lengthBytes,
        mostBytes: smallAreaMaxBytes,
      });
    if (!before) continue;
    const unitBefore = eraseUnitAt(chip, before.address + before.lengthBytes - 1);
    const unit = eraseUnitAt(chip, area.address);
    if (before.address + before.lengthBytes > area.address || unitBefore?.index === unit?.index)
      throw new Fault('area-erase-unit-shared', { address });
  }
}

/**
 * Areas for the firmware and the others, ascending. Segments have link addresses and are copied. Throws
 * `image-empty`, what placeImage throws, `image-too-scattered`, `area-too-large`,
 * `area-erase-unit-shared`, `entry-not-vector-table`, `entry-misaligned`.
 */
export function planAreas(
  segments: readonly Segment[],
  chip: Chip,
  { otherAreas = [], entry, forStation = false }: PlanOptions = {},
): AreaPlan {
  const filled = segments.filter(({ bytes }) => bytes.length > 0);
  if (filled.length === 0) throw new Fault('image-empty');
  const sizes = filled.map(({ address, bytes }) => ({ address, length: bytes.length }));
  const { slot, segments: places } = placeImage(forStation ? withoutAgent(chip) : chip, sizes);
  const placed = filled.map(({ bytes }, i) => ({ address: places[i]!.storeAddress, bytes }));
  const groups = groupByEraseUnit(chip, placed);
  if (groups.length + otherAreas.length > areaCountMax)
    throw new Fault('image-too-scattered', { found: groups.length, most: areaCountMax - otherAreas.length });
  const areas = [...groups.map(fillGroup), ...otherAreas.map((area) => ({ area }))].sort(
    (a, b) => a.area.address - b.area.address,
  );
  refuseSharedUnits(chip, areas);
  const linkEntry = entry ?? Math.min(...sizes.map(({ address }) => address));
  requireVectorTable(chip, filled, linkEntry);
  return { slot, areas, entry: linkEntry - slot.linkStart + slot.storeStart };
}
