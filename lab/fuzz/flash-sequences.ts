// What somebody who has read the reference manual writes into the flash controller through a debug port:
// unlock, then erase, program, or another readout level; now and then one write is lost, doubled or wrong.
// Register offsets: RM0090 3.9 (F4), RM0433 4.9 (H7), RM0444 3.7 (G0), RM0351 3.7 (L4), RM0456 7.9 (U5).

import type { Chip } from '@firmseal/chips';
import type { SeededRandom } from '@firmseal/virtual-stm32';

/** One write of 32 bits by the debug port. */
export interface RegisterWrite {
  readonly address: number;
  readonly value: number;
}

/** Offsets from the controller's base, and values of whole registers. */
interface Family {
  readonly key: number;
  readonly optionKey: number;
  readonly control: number;
  /** Erase of the first sector or page, of everything, and programming, each with the bit that starts it. */
  readonly operations: readonly [erase: number, massErase: number, program: number];
  /**
   * Option register with the readout level, and all but the level: where the chip boots
   * and where flash lies stay.
   */
  readonly options: readonly [offset: number, value: number, levelShift: number];
  /** Writes that start the option bytes and load them. */
  readonly starts: readonly (readonly [offset: number, value: number])[];
}

const startThenLaunch = (control: number) => [
  [control, 1 << 17] as const,
  [control, 1 << 27] as const, // OBL_LAUNCH
];

const families: Readonly<Record<string, Family>> = {
  f4: {
    ...{ key: 0x04, optionKey: 0x08, control: 0x10 },
    operations: [0x1_0202, 0x1_0204, 0x201],
    options: [0x14, 0x0fff_00ec, 8],
    // OPTSTRT stands in the register of the option bytes: flashSequence adds it.
    starts: [],
  },
  h7: {
    ...{ key: 0x04, optionKey: 0x08, control: 0x0c },
    operations: [0xb4, 0xb8, 0x32],
    options: [0x20, 0x13c6_00f0, 8],
    starts: [[0x18, 2]],
  },
  g0: {
    ...{ key: 0x08, optionKey: 0x0c, control: 0x14 },
    operations: [0x1_0002, 0x1_8004, 0x1],
    options: [0x20, 0xffff_fe00, 0],
    starts: startThenLaunch(0x14),
  },
  l4: {
    ...{ key: 0x08, optionKey: 0x0c, control: 0x14 },
    operations: [0x1_0002, 0x1_8004, 0x1],
    options: [0x20, 0xffef_f800, 0],
    starts: startThenLaunch(0x14),
  },
  u5: {
    ...{ key: 0x08, optionKey: 0x10, control: 0x28 },
    operations: [0x1_0002, 0x1_8004, 0x1],
    options: [0x40, 0x1fef_f800, 0],
    starts: startThenLaunch(0x28),
  },
};

const pick = <T>(random: SeededRandom, list: readonly T[]): T => list[random.below(list.length)]!;

/** Level 0 most often: from level 1 that is the regression. */
function anyLevel(random: SeededRandom, { level0, level1, level2 }: Chip['readoutProtection']): number {
  return pick(random, [level0, level0, level0, level1, level1, random.below(32) === 0 ? level2 : level1]);
}

/** At most 16 writes. Throws for a controller that has no table here. */
export function flashSequence(random: SeededRandom, chip: Chip): RegisterWrite[] {
  const { kind, registerBase, keys, optionKeys } = chip.flashController;
  const family = families[kind];
  if (family === undefined) throw new Error(`no registers of a ${kind} controller here`);
  const at = (offset: number, value: number): RegisterWrite => ({ address: registerBase + offset, value });
  const writes = keys.map((key) => at(family.key, key));
  if (random.below(3) > 0) {
    const [offset, rest, shift] = family.options;
    const value = (rest | (anyLevel(random, chip.readoutProtection) << shift)) >>> 0;
    writes.push(...optionKeys.map((key) => at(family.optionKey, key)), at(offset, value));
    if (kind === 'f4') writes.push(at(offset, value | 2));
    for (const [start, bits] of family.starts) writes.push(at(start, bits));
  } else {
    writes.push(at(family.control, pick(random, family.operations)));
    const place = chip.flash.addressStart + 4 * random.below(16);
    for (let i = 0; i < 4; i++) writes.push({ address: place + 4 * i, value: random.word() });
  }
  return random.below(4) === 0 ? spoiled(random, writes) : writes;
}

function spoiled(random: SeededRandom, writes: readonly RegisterWrite[]): RegisterWrite[] {
  const place = random.below(writes.length);
  const one = writes[place]!;
  const instead = pick(random, [
    [],
    [one, one],
    [{ address: one.address, value: random.word() }],
    [{ address: (one.address + 4 * random.below(64)) >>> 0, value: one.value }],
  ]);
  return writes.flatMap((write, i) => (i === place ? instead : [write]));
}
