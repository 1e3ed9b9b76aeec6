// The steps of an adoption and their bytes behind the adopter (device/agent/adopter/fs_adopter.h). All words
// are little-endian:
//    plan: "FSAP"   version 1   length   number of the chip   steps   CRC-32 of what follows   0   0
//    step: kind   when: register, mask, value   a   b   c   d
//    data: what the steps write, each at a multiple of 32 from the start of the plan

import { type Bytes, concatBytes, crc32, u32le, utf8 } from '@firmseal/bytes';
import type { Chip, OptionRequirement, Range } from '@firmseal/chips';

interface Conditional {
  /** The step is done only while these bits of an option register are so. */
  readonly when?: OptionRequirement;
}

/** A word at an address, for chips that look alike: where it differs, nothing is changed. */
interface RequireStep {
  readonly kind: 'require';
  readonly address: number;
  readonly mask: number;
  readonly value: number;
}

/** Erase units, whole: these bytes, then blank. */
export interface UnitsStep extends Conditional {
  readonly kind: 'units';
  readonly units: Range;
  readonly bytes: Uint8Array;
  readonly holds: string;
}

/** The adopter with its plan once more, which the chip starts at `startsAt`. */
interface ImageStep extends Conditional {
  readonly kind: 'image';
  readonly units: Range;
  readonly startsAt: number;
}

/** Bits of option registers, in one write, and a reset. */
interface OptionStep extends Conditional {
  readonly kind: 'option';
  readonly wanted: readonly OptionRequirement[];
  readonly meaning: string;
}

export type AdoptionStep = RequireStep | UnitsStep | ImageStep | OptionStep;

const kinds = { require: 1, units: 2, image: 3, option: 4 } as const;
const headBytes = 32;
const stepBytes = 32;
const grainBytes = 32;

const roundUp = (value: number): number => Math.ceil(value / grainBytes) * grainBytes;
const words = (...values: readonly number[]): Bytes => concatBytes(...values.map((one) => u32le(one >>> 0)));

/** A step with the rows that it takes: as many as option registers that are written together. */
function rowsOf(step: AdoptionStep, dataAt: number): number[][] {
  switch (step.kind) {
    case 'require':
      return [[step.address, step.mask, step.value, 0]];
    case 'units':
      return [[step.units.addressStart, step.units.length, dataAt, step.bytes.length]];
    case 'image':
      return [[step.units.addressStart, step.units.length, step.startsAt, 0]];
    case 'option':
      return step.wanted.map(({ register, mask, value }, i) => [
        ...[register, mask, value],
        step.wanted.length - 1 - i,
      ]);
  }
}

const condition = (when: OptionRequirement | undefined): number[] =>
  when === undefined ? [0, 0, 0] : [when.register, when.mask, when.value];

const rowCount = (step: AdoptionStep): number => (step.kind === 'option' ? step.wanted.length : 1);

/** Bytes of the plan with its data. */
export const planLength = (steps: readonly AdoptionStep[]): number =>
  headBytes +
  stepBytes * steps.reduce((sum, step) => sum + rowCount(step), 0) +
  steps.reduce((sum, step) => sum + (step.kind === 'units' ? roundUp(step.bytes.length) : 0), 0);

export function encodePlan(chip: Chip, steps: readonly AdoptionStep[]): Bytes {
  const rows: Bytes[] = [];
  const data: Bytes[] = [];
  let at = headBytes + stepBytes * steps.reduce((sum, step) => sum + rowCount(step), 0);
  for (const step of steps) {
    const when = step.kind === 'require' ? undefined : step.when;
    for (const row of rowsOf(step, at)) rows.push(words(kinds[step.kind], ...condition(when), ...row));
    if (step.kind !== 'units') continue;
    const whole = new Uint8Array(roundUp(step.bytes.length)).fill(0xff);
    whole.set(step.bytes);
    data.push(whole);
    at += whole.length;
  }
  const rest = concatBytes(words(0, 0), ...rows, ...data);
  const head = concatBytes(utf8('FSAP'), words(1, at, chip.number, rows.length, crc32(rest)));
  return concatBytes(head, rest);
}
