// The agent's machine code starts and answers under each value of each option that a package may set: all of
// them at 0 and all at 1, and when suites run whole, each one alone.

import { type Chip, fieldMask, findChip, policyBits } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { portedChips } from '../toolchain/targets.ts';
import type { Line } from './line.ts';
import { machineLine } from './machine-line.ts';

const canBuild = hasTool('arm-none-eabi-gcc');

/** Masks of bits that are set together, by register. */
function neutralSets(chip: Chip): ReadonlyMap<number, number>[] {
  const all = new Map(chip.options.registers.map(({ id }) => [id, policyBits(chip, id).neutral]));
  const alone = chip.options.registers.flatMap(({ id, fields }) =>
    fields
      .filter((field) => (fieldMask(field) & policyBits(chip, id).neutral) !== 0)
      .map((field) => new Map([[id, fieldMask(field)]])),
  );
  return sampled([all, ...alone], [all]);
}

/** Starts with the bits at that value; what the agent calls itself. */
function answerWith(line: Line, set: ReadonlyMap<number, number>, value: 0 | 1): unknown {
  const { chip } = line;
  chip.powerOn();
  chip.debug.connect();
  const stored = chip.judge.optionsStored;
  const values = [...set].map(([id, mask]): [number, number] => [
    id,
    ((stored.get(id)! & ~mask) | (value === 0 ? 0 : mask)) >>> 0,
  ]);
  expect(chip.debug.writeOptionBytes(new Map(values))).toBe('ok');
  chip.powerOff();
  chip.powerOn();
  return line.info().get(1);
}

describe.skipIf(!canBuild).each(sampled(portedChips(), ['stm32f405', 'stm32g0b1']))('%s', (chipId) => {
  test('answers whatever a package has set', () => {
    const line = machineLine(chipId, 'package options');
    for (const set of neutralSets(findChip(chipId)))
      for (const value of [0, 1] as const) expect(answerWith(line, set, value)).toBe(chipId);
  });
});
