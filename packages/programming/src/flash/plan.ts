// What plain programming would do to a chip, found out by reading: which erase units hold the image
// already, which are erased and only programmed, which are erased first; which option bytes change.
// Nothing is changed here.

import { type Chip, type EraseUnit, hexAddress, isWriteProtected, type OptionValues } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import type { Segment } from '@firmseal/image';
import type { ChipIdentity, ChipProgrammer } from '../chip-programmer.ts';
import { type OptionChange, type OptionSetting, optionChanges, withSettings } from '../option-text.ts';
import { type PermanentStep, permanentSteps } from '../permanent-steps.ts';
import { refuseUnreachable } from '../reachable.ts';
import type { OnFlashEvent } from './flash-event.ts';
import { type UnitImage, type UnitRange, unitImages, wholeWriteUnits, writesOf } from './unit-image.ts';
import { isUnreadable } from './unreadable.ts';

export interface FlashRequest {
  /** Sorted by address, apart from each other. */
  readonly segments?: readonly Segment[];
  readonly options?: readonly OptionSetting[];
  /** Vector table of the program to start at the end. */
  readonly start?: number;
  /** Lower the readout level to 0 first where it is 1: erases the whole flash. */
  readonly unprotect?: boolean;
  /** Keep what a unit that must be erased holds outside of the image; default false: it is lost. */
  readonly keepRest?: boolean;
}

export interface UnitPlan {
  readonly unit: EraseUnit;
  /** `skip`: it holds the image already. `program`: it is erased where the image lies. */
  readonly action: 'skip' | 'program' | 'erase-and-program';
  /** What is programmed: whole write units. */
  readonly writes: readonly Segment[];
  /** What must be there at the end. */
  readonly expected: readonly Segment[];
  /** Bytes that are not the image's and are lost by the erase, as far as they were read. */
  readonly losesRest: boolean;
  /** An address in the unit that is not erased now: whether it was erased is looked at there. */
  readonly programmedAt?: number;
}

export interface FlashPlan {
  readonly chip: Chip;
  readonly identity: ChipIdentity;
  readonly unprotect: boolean;
  readonly units: readonly UnitPlan[];
  readonly options: {
    readonly before: OptionValues;
    readonly after: OptionValues;
    readonly changes: readonly OptionChange[];
  };
  readonly permanent: readonly PermanentStep[];
  readonly start?: number;
}

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);

const expectedOf = ({ unit, content, ranges }: UnitImage): Segment[] =>
  ranges.map(({ start, end }) => ({ address: unit.addressStart + start, bytes: content.slice(start, end) }));

/** The unit as it would be treated when it is known to be erased. */
function blankUnit(chip: Chip, image: UnitImage): UnitPlan {
  const { unit } = image;
  const writes = writesOf(chip, image);
  const action = writes.length === 0 ? 'skip' : 'program';
  return { unit, action, writes, expected: expectedOf(image), losesRest: false };
}

/**
 * Reads the unit as far as it takes to decide. The whole unit is read where its rest is kept; else
 * reading ends at the first byte that shows that it must be erased. A unit that belongs to the image alone
 * is erased as soon as it differs, though it may be blank: an erase takes less time than reading it to its
 * end (F427: 128 KiB in a second, 12 seconds over the UART at 115,200 baud).
 */
async function planUnit(
  programmer: ChipProgrammer,
  image: UnitImage,
  { keepRest, onBytes }: { keepRest: boolean; onBytes: (bytes: number) => void },
): Promise<UnitPlan> {
  const { unit, content, ranges } = image;
  const { chip } = programmer;
  const wide = wholeWriteUnits(chip, ranges);
  const [start, end] = keepRest ? [0, unit.sizeBytes] : [wide[0]!.start, wide.at(-1)!.end];
  const isAllImage = coversUnit(image);
  let [equal, blank] = [true, true];
  let programmedAt: number | undefined;
  const look = (block: Uint8Array, offset: number): boolean => {
    const from = start + offset;
    const cut = ({ start: a, end: b }: UnitRange) => {
      const at = Math.max(a, from);
      return { at, bytes: block.subarray(at - from, Math.max(0, b - from)) };
    };
    for (const { at, bytes } of ranges.map(cut)) equal &&= bytes.every((byte, i) => byte === content[at + i]);
    // Whole write units must be erased: what is programmed around the image would spoil what is there.
    for (const { bytes } of wide.map(cut)) blank &&= isBlank(bytes);
    const at = block.findIndex((byte) => byte !== 0xff);
    if (at >= 0) programmedAt ??= unit.addressStart + from + at;
    onBytes(Math.min(unit.sizeBytes, offset + block.length));
    return equal || (blank && !isAllImage) || keepRest;
  };
  let found: Uint8Array;
  try {
    found = await programmer.read(unit.addressStart + start, end - start, look);
  } catch (error) {
    if (keepRest || !isUnreadable(error)) throw error;
    // A word that a cut left half programmed cannot be read on parts with an error correcting code.
    [equal, blank, found] = [false, false, new Uint8Array(0)];
  }
  onBytes(unit.sizeBytes);
  const expected = expectedOf(image);
  if (equal) return { unit, action: 'skip', writes: [], expected, losesRest: false };
  if (blank && found.length === end - start) return blankUnit(chip, image);
  const kept: UnitImage = keepRest
    ? { unit, content: withRest(image, found), ranges: [{ start: 0, end: unit.sizeBytes }] }
    : image;
  return {
    ...{ unit, action: 'erase-and-program', writes: writesOf(chip, kept), expected: expectedOf(kept) },
    ...{ losesRest: !keepRest && !coversUnit(image), ...(programmedAt !== undefined && { programmedAt }) },
  };
}

const coversUnit = ({ unit, ranges }: UnitImage): boolean =>
  ranges.reduce((sum, { start, end }) => sum + end - start, 0) === unit.sizeBytes;

/** What the unit holds now, with the image over it. */
function withRest({ content, ranges }: UnitImage, found: Uint8Array): UnitImage['content'] {
  const whole = new Uint8Array(content.length);
  whole.set(found);
  for (const { start, end } of ranges) whole.set(content.subarray(start, end), start);
  return whole;
}

/** Throws `flash-unit-protected` for the first unit that option bytes in force protect. */
function refuseProtected(chip: Chip, values: OptionValues, images: readonly UnitImage[]): void {
  const unit = images.find((one) => isWriteProtected(chip, values, one.unit))?.unit;
  if (unit !== undefined) throw new Fault('flash-unit-protected', { address: hexAddress(unit.addressStart) });
}

/**
 * Asks the chip and reads what the plan needs. Throws `chip-is-another`, `chip-flash-smaller`,
 * `chip-read-protected` (without `unprotect`), `address-not-in-flash`, `flash-unit-protected`, `option-*`
 * and the faults of the way.
 */
export async function planFlash(
  programmer: ChipProgrammer,
  request: FlashRequest,
  onEvent: OnFlashEvent = () => {},
): Promise<FlashPlan> {
  const { chip } = programmer;
  const { segments = [], options = [], start, keepRest = false } = request;
  const images = unitImages(chip, segments);
  const identity = await programmer.identify();
  onEvent({ event: 'identified', chip: chip.id, identity });
  const unprotect = identity.readProtected && request.unprotect === true;
  if (identity.readProtected && !unprotect) throw new Fault('chip-read-protected', { chip: chip.id });

  // Behind a readout protection nothing can be read; what its fall leaves is erased flash.
  const before = unprotect ? new Map<number, number>() : await programmer.readOptions();
  if (unprotect && options.length > 0) throw new Fault('options-after-unprotect');
  if (!unprotect) refuseProtected(chip, before, images);
  const after = withSettings(chip, before, options);
  const changed = new Map([...after].filter(([register, value]) => before.get(register) !== value));
  refuseUnreachable(chip, { values: changed, reachable: before, way: programmer.way });

  const total = images.reduce((sum, { unit }) => sum + unit.sizeBytes, 0);
  const units: UnitPlan[] = [];
  let done = 0;
  for (const image of images) {
    const onBytes = (bytes: number) =>
      onEvent({ event: 'progress', stage: 'compare', done: done + bytes, total });
    units.push(unprotect ? blankUnit(chip, image) : await planUnit(programmer, image, { keepRest, onBytes }));
    done += image.unit.sizeBytes;
  }
  return {
    ...{ chip, identity, unprotect, units, ...(start !== undefined && { start }) },
    options: { before, after, changes: optionChanges(chip, before, after) },
    permanent: permanentSteps(chip, before, after),
  };
}
