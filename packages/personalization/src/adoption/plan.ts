// Whether an update can take a sold board over, and by which steps (docs/adoption.md). Every step leaves a
// chip that starts the old program, the adopter, or the new agent, wherever its power is cut.

import {
  adoptableByUpdate,
  adoptionSwitch,
  type Chip,
  type EraseUnit,
  eraseUnitAt,
  eraseUnitsOf,
  executeOnlyRanges,
  fieldMask,
  finalOptions,
  findOptionField,
  type OptionRequirement,
  optionField,
  type Range,
} from '@firmseal/chips';
import type { ImagePart } from '../write-agent.ts';
import { bootAddressOf, bootPath } from './boot-path.ts';
import type { Obstacle, SoldBoard } from './sold-board.ts';
import { type AdoptionStep, planLength, type UnitsStep } from './steps.ts';

export interface AdoptionContent {
  /** Length of the adopter's code (device/agent/adopter), without its plan. */
  readonly adopterBytes: number;
  /** Anchor with its data, agent, board settings; an enrolment secret. */
  readonly parts: readonly ImagePart[];
  /** Sets the final option bytes of level 2 in the write that starts the agent. */
  readonly locks: boolean;
}

export type AdoptionPlan =
  | { readonly possible: true; readonly steps: readonly AdoptionStep[]; readonly imageBytes: number }
  | { readonly possible: false; readonly obstacles: readonly Obstacle[] };

const end = ({ addressStart, length }: Range): number => addressStart + length;
const overlap = (a: Range, b: Range): boolean => a.addressStart < end(b) && b.addressStart < end(a);

/** VTOR takes it on every chip here, and the adopter's table is as long. */
export const imageAlignmentBytes = 1024;

/** The first erase units that hold so many bytes from an address on. */
function unitsFrom(chip: Chip, addressStart: number, length: number): Range | undefined {
  if (eraseUnitAt(chip, addressStart + length - 1) === undefined) return undefined;
  const last = eraseUnitsOf(chip, { addressStart, length }).at(-1)!;
  return { addressStart, length: last.addressStart + last.sizeBytes - addressStart };
}

/** Runs of erase units that firmseal takes, in the order in which they are written: the anchor's last. */
function layoutUnits({ layout, ...chip }: Chip): Range[] {
  const taken = new Set<number>();
  const { anchor, anchorData, agent, agentCopy, identity, identityCopy, journal } = layout;
  const [first, second] = journal.map(({ addressStart, sizeBytes }) => ({ addressStart, length: sizeBytes }));
  const groups = [
    [agentCopy],
    [identityCopy],
    [first!],
    [second!],
    [agent],
    [identity],
    [anchor, anchorData],
  ];
  return groups.flatMap((ranges) => {
    const fresh = ranges
      .flatMap((range) => eraseUnitsOf({ ...chip, layout }, range))
      .filter(({ index }) => !taken.has(index) && taken.add(index) !== undefined);
    const runs: EraseUnit[][] = [];
    for (const unit of fresh.sort((a, b) => a.index - b.index)) {
      const last = runs.at(-1);
      if (last !== undefined && last.at(-1)!.index + 1 === unit.index) last.push(unit);
      else runs.push([unit]);
    }
    return runs.map((run) => ({
      addressStart: run[0]!.addressStart,
      length: run.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    }));
  });
}

/** What the parts put there, to the last byte that is not blank. */
function contentOf(units: Range, parts: readonly ImagePart[]): Uint8Array {
  const inside = parts.filter(({ address, bytes }) =>
    overlap(units, { addressStart: address, length: bytes.length }),
  );
  const last = Math.max(
    0,
    ...inside.map(({ address, bytes }) => address + bytes.length - units.addressStart),
  );
  const content = new Uint8Array(last).fill(0xff);
  for (const { address, bytes } of inside) content.set(bytes, address - units.addressStart);
  return content;
}

const nameOf = ({ layout }: Chip, units: Range): string => {
  const names: [string, Range][] = [
    ['the anchor', layout.anchor],
    ['the agent', layout.agent],
    ['the second copy of the agent', layout.agentCopy],
    ...layout.journal.map(({ addressStart, sizeBytes }): [string, Range] => [
      'the journal',
      { addressStart, length: sizeBytes },
    ]),
  ];
  return names.find(([, range]) => overlap(range, units))?.[0] ?? 'the identity';
};

const layoutSteps = (chip: Chip, parts: readonly ImagePart[], when?: OptionRequirement): UnitsStep[] =>
  layoutUnits(chip).map((units) => ({
    ...{ kind: 'units' as const, units, bytes: contentOf(units, parts), holds: nameOf(chip, units) },
    ...(when === undefined ? {} : { when }),
  }));

function fieldIs(chip: Chip, name: string, value: number): OptionRequirement {
  const field = findOptionField(chip, name);
  return { register: field.register, mask: fieldMask(field), value: (value << field.lsb) >>> 0 };
}

const isDefault = (chip: Chip, name: string): OptionRequirement => {
  const field = findOptionField(chip, name);
  const mask = fieldMask(field);
  return {
    register: field.register,
    mask,
    value: (chip.options.registers[field.register]!.defaultValue & mask) >>> 0,
  };
};

/** Fields whose values of a blank part the plan rests on: banks, parts that can only be executed. */
function restingOn({ boot, executeOnly }: Chip): string[] {
  return [
    ...(boot.bankField === undefined ? [] : [boot.bankField]),
    ...(executeOnly?.areas ?? []).flatMap(({ startField, endField }) => [startField, endField]),
    ...(executeOnly?.sectorsWhile === undefined ? [] : [executeOnly.sectorsWhile.field]),
  ];
}

/** A part of the same family with less flash, or other option bytes than the board was said to have. */
function requirements(chip: Chip): AdoptionStep[] {
  const { flashSizeAddress } = chip.identity;
  const shift = 8 * (flashSizeAddress % 4);
  const size = chip.flash.sizeBytes / 1024;
  // The bit that starts the second bank is part of the switch itself.
  const fields = restingOn(chip).filter(
    (name) => adoptionSwitch(chip) !== 'bank-boot' || name !== chip.boot.bankField,
  );
  return [
    {
      ...{ kind: 'require', address: flashSizeAddress - (flashSizeAddress % 4) },
      ...{ mask: (0xffff << shift) >>> 0, value: (size << shift) >>> 0 },
    },
    ...fields.map((name): AdoptionStep => {
      const { register, mask, value } = isDefault(chip, name);
      return { kind: 'require', address: chip.options.registers[register]!.readAddress, mask, value };
    }),
  ];
}

/** Opens the units that are written; registers with bits of a blank part in them change nothing. */
function openUnits(chip: Chip, ranges: readonly Range[], when: OptionRequirement): AdoptionStep[] {
  const masks = new Map<number, number>();
  for (const { writeProtect } of ranges.flatMap((range) => eraseUnitsOf(chip, range)))
    if (writeProtect.kind === 'bit')
      masks.set(
        writeProtect.register,
        ((masks.get(writeProtect.register) ?? 0) | (1 << writeProtect.bit)) >>> 0,
      );
  return [...masks].map(([register, mask]) => ({
    ...{ kind: 'option' as const, wanted: [{ register, mask, value: mask }], when },
    meaning: 'write protection of these units off',
  }));
}

/** The write that starts the anchor; with the final protection where it is set here. */
const lastWrite = (chip: Chip, starts: OptionRequirement, locks: boolean): readonly OptionRequirement[] =>
  locks ? finalOptions(chip, 2) : [starts];

function bankBootSteps(board: SoldBoard, content: AdoptionContent): AdoptionStep[] {
  const { chip } = board;
  const { bankField, bankValue } = chip.boot;
  const old = fieldIs(chip, bankField!, bankValue === 1 ? 0 : 1);
  const moved = fieldIs(chip, bankField!, bankValue!);
  const bank = chip.flash.banks[1]!;
  const inside = layoutSteps(chip, content.parts, moved);
  const copy = { addressStart: bank.addressStart, length: bank.length };
  const steps = (units: Range): AdoptionStep[] => [
    ...requirements(chip),
    ...openUnits(chip, [...inside.map((one) => one.units), units], old),
    { kind: 'image', units, startsAt: chip.flash.addressStart, when: old },
    {
      kind: 'option',
      wanted: [moved],
      when: old,
      meaning: 'a reset starts the copy of the adopter in bank 2',
    },
    ...inside,
    {
      ...{ kind: 'option', wanted: lastWrite(chip, old, content.locks), when: moved },
      meaning: 'a reset starts the anchor',
    },
  ];
  const units = unitsFrom(chip, copy.addressStart, content.adopterBytes + planLength(steps(copy)));
  return steps(units ?? copy);
}

/** A table that starts the adopter where it stands, for a reset that starts at `address`. */
function tableFor(chip: Chip, place: Range): Uint8Array {
  const table = new Uint8Array(32);
  const view = new DataView(table.buffer);
  const [ram] = chip.ram;
  view.setUint32(0, ram!.addressStart + 0x8000, true);
  for (let at = 4; at < table.length; at += 4)
    view.setUint32(at, place.addressStart + imageAlignmentBytes + 1, true);
  return table;
}

function bootAddressSteps(board: SoldBoard, content: AdoptionContent): AdoptionStep[] | undefined {
  const { chip, kept, place } = board;
  const { pinLow } = chip.boot.addressFields!;
  const inside = layoutSteps(chip, content.parts);
  const taken = [...kept.map(({ range }) => range), place, ...inside.map(({ units }) => units)];
  const isFree = (address: number): boolean => {
    if (address === place.addressStart) return true;
    const unit = eraseUnitAt(chip, address)!;
    const units = { addressStart: unit.addressStart, length: unit.sizeBytes };
    return unit.addressStart === address && !taken.some((range) => overlap(range, units));
  };
  const from = optionField(chip, board.options, pinLow);
  const path = bootPath(chip, from, isFree);
  if (path === undefined) return undefined;
  const tables = path
    .map((value) => bootAddressOf(chip, value))
    .filter((address) => address !== place.addressStart)
    .map((address): UnitsStep => {
      const unit = eraseUnitAt(chip, address)!;
      const units = { addressStart: unit.addressStart, length: unit.sizeBytes };
      return { kind: 'units', units, bytes: tableFor(chip, place), holds: 'a table that starts the adopter' };
    });
  const values = [from, ...path, chip.boot.addressFields!.anchorValue];
  const all = [...tables, ...inside];
  return [
    ...requirements(chip),
    ...openUnits(
      chip,
      all.map(({ units }) => units),
      fieldIs(chip, pinLow, from),
    ),
    ...all,
    ...values.slice(1).map((value, i): AdoptionStep => {
      const wanted = fieldIs(chip, pinLow, value);
      const isLast = i === values.length - 2;
      return {
        ...{ kind: 'option', wanted: isLast ? lastWrite(chip, wanted, content.locks) : [wanted] },
        when: fieldIs(chip, pinLow, values[i]!),
        meaning: isLast
          ? 'a reset starts the anchor'
          : 'a reset starts the adopter, by one bit of the boot address',
      };
    }),
  ];
}

/** What no layout would change. */
function obstaclesOf({ chip, level, options }: SoldBoard): Obstacle[] {
  const found: Obstacle[] = [];
  if (!chip.hasRandomGenerator) found.push({ reason: 'no-generator' });
  if (adoptionSwitch(chip) === undefined) found.push({ reason: 'no-switch' });
  else if (!adoptableByUpdate(chip) && chip.hasRandomGenerator) found.push({ reason: 'no-adopter' });
  if (level === 2) found.push({ reason: 'level-2' });
  const { bankField } = chip.boot;
  if (bankField !== undefined) {
    const value = optionField(chip, options, bankField);
    const blank = optionField(chip, new Map(), bankField);
    if (value !== blank) found.push({ reason: 'boot-changed', field: bankField, value });
  }
  for (const range of executeOnlyRanges(chip, options)) found.push({ reason: 'execute-only', range });
  return found;
}

/** What stands where the steps write before the old program is given up. */
function inTheWay(board: SoldBoard, steps: readonly AdoptionStep[], imageBytes: number): Obstacle[] {
  const { chip, kept, place } = board;
  const image = {
    name: 'the adoption image',
    range: { ...place, length: Math.min(imageBytes, place.length) },
  };
  const isAfterSwitch = (step: AdoptionStep): boolean =>
    adoptionSwitch(chip) === 'bank-boot' && step.kind === 'units';
  return steps.flatMap((step) => {
    if ((step.kind !== 'units' && step.kind !== 'image') || isAfterSwitch(step)) return [];
    const needed = step.kind === 'image' ? 'the copy of the adopter' : step.holds;
    return [...kept, image]
      .filter(({ range }) => overlap(range, step.units))
      .map(({ name, range }): Obstacle => ({ reason: 'in-the-way', name, range, needed }));
  });
}

/** Throws `address-not-in-flash` for a place or a kept range that is no flash. */
export function planAdoption(board: SoldBoard, content: AdoptionContent): AdoptionPlan {
  const { chip, place, kept } = board;
  for (const range of [place, ...kept.map((one) => one.range)]) eraseUnitsOf(chip, range);
  const basic = obstaclesOf(board);
  if (basic.length > 0) return { possible: false, obstacles: basic };
  const steps =
    adoptionSwitch(chip) === 'bank-boot' ? bankBootSteps(board, content) : bootAddressSteps(board, content);
  const obstacles: Obstacle[] = [];
  const imageBytes = content.adopterBytes + planLength(steps ?? layoutSteps(chip, content.parts));
  if (steps === undefined) obstacles.push({ reason: 'no-path' });
  if (place.addressStart % imageAlignmentBytes !== 0)
    obstacles.push({ reason: 'place-unaligned', alignmentBytes: imageAlignmentBytes });
  if (imageBytes > place.length)
    obstacles.push({ reason: 'place-too-small', needs: imageBytes, has: place.length });
  obstacles.push(...inTheWay(board, steps ?? layoutSteps(chip, content.parts), imageBytes));
  if (obstacles.length > 0 || steps === undefined) return { possible: false, obstacles };
  return { possible: true, steps, imageBytes };
}
