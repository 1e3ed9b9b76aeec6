// Plans of adoption on every chip of the catalogue: which chips can be taken over, why a board cannot, and
// that no step of a plan touches what must stay or changes two bits of a boot address at once.

import {
  chipIds,
  defaultOptionValues,
  eraseUnitsOf,
  findChip,
  findOptionField,
  type Range,
  withOptionField,
} from '@firmseal/chips';
import { describe, expect, it } from 'vitest';
import { adoptionImage } from './adoption-image.ts';
import { type AdoptionPlan, planAdoption } from './plan.ts';
import type { SoldBoard } from './sold-board.ts';
import { type AdoptionStep, encodePlan, planLength } from './steps.ts';

const range = (addressStart: number, last: number): Range => ({
  addressStart,
  length: last - addressStart + 1,
});

/** A bootloader at the start of flash, applications from 0x08020000 on. */
function board(id: string, change: Partial<SoldBoard> = {}): SoldBoard {
  const chip = findChip(id);
  return {
    ...{ chip, level: 0, options: defaultOptionValues(chip) },
    kept: [{ name: 'the bootloader', range: range(0x0800_0000, 0x0800_7fff) }],
    place: range(0x0802_0000, 0x0803_ffff),
    ...change,
  };
}

function content(id: string, locks = false) {
  const { anchor, anchorData, agent } = findChip(id).layout;
  const part = (address: number, length: number) => ({ address, bytes: new Uint8Array(length).fill(0x5a) });
  return {
    adopterBytes: 5760,
    parts: [
      part(anchor.addressStart, 21_000),
      part(anchorData.addressStart, 256),
      part(agent.addressStart, 60_000),
    ],
    locks,
  };
}

const plan = (id: string, change: Partial<SoldBoard> = {}, locks = false): AdoptionPlan =>
  planAdoption(board(id, change), content(id, locks));

function stepsOf(found: AdoptionPlan): readonly AdoptionStep[] {
  if (!found.possible) throw new Error(JSON.stringify(found.obstacles));
  return found.steps;
}

const reasons = (found: AdoptionPlan) =>
  found.possible ? [] : [...new Set(found.obstacles.map(({ reason }) => reason))];

describe('a board with a plain bootloader', () => {
  it.each(chipIds())('%s', (id) => {
    const expected: Readonly<Record<string, readonly string[]>> = {
      stm32f427: [],
      stm32h743: [],
      stm32l476: ['no-adopter'],
      stm32u575: ['no-adopter'],
      stm32h563: ['no-adopter'],
      stm32g0b1: ['no-generator', 'no-switch'],
      stm32f405: ['no-switch'],
      stm32f427xg: ['no-switch'],
      stm32f446: ['no-generator', 'no-switch'],
      stm32f411: ['no-generator', 'no-switch'],
    };
    expect(reasons(plan(id))).toEqual(expected[id]);
  });
});

describe('must come back', () => {
  it('at level 2, whose option bytes are frozen', () => {
    expect(reasons(plan('stm32h743', { level: 2 }))).toEqual(['level-2']);
  });

  it('when its banks changed places already', () => {
    const chip = findChip('stm32f427');
    const options = withOptionField(chip, defaultOptionValues(chip), { name: 'BFB2', value: 1 });
    expect(reasons(plan('stm32f427', { options }))).toEqual(['boot-changed']);
  });

  it('when a part of its flash can only be executed', () => {
    const chip = findChip('stm32f427');
    const changed = withOptionField(chip, defaultOptionValues(chip), { name: 'SPRMOD', value: 1 });
    expect(reasons(plan('stm32f427', { options: changed }))).toEqual(['execute-only']);
  });

  it('when its bootloader stands where the agent goes, on H743, or the copy of the adopter, on F427', () => {
    const late = (first: number) => ({
      kept: [{ name: 'the bootloader', range: range(first, first + 0x7fff) }],
    });
    expect(reasons(plan('stm32h743', late(0x081c_0000)))).toEqual(['in-the-way']);
    expect(reasons(plan('stm32f427', late(0x0810_0000)))).toEqual(['in-the-way']);
  });

  it('when the image has no room, or its place is no multiple of 1,024', () => {
    expect(reasons(plan('stm32h743', { place: range(0x0802_0000, 0x0802_ffff) }))).toEqual([
      'place-too-small',
    ]);
    expect(reasons(plan('stm32h743', { place: range(0x0802_0100, 0x0803_ffff) }))).toEqual([
      'place-unaligned',
    ]);
  });

  it('when every way of single bits to the new boot address leads over what must stay', () => {
    const kept = [{ name: 'the application', range: range(0x0800_0000, 0x0815_ffff) }];
    expect(reasons(plan('stm32h743', { kept, place: range(0x0816_0000, 0x0817_ffff) }))).toContain('no-path');
  });
});

describe('the steps', () => {
  it('on H743 change the boot address by one bit at a time, each to a place that was written before', () => {
    const steps = stepsOf(plan('stm32h743'));
    const { register } = findOptionField(findChip('stm32h743'), 'BOOT_ADD0');
    const written = steps.flatMap((step) => (step.kind === 'units' ? [step.units.addressStart] : []));
    let value = 0x0800;
    for (const step of steps) {
      if (step.kind !== 'option' || step.wanted[0]!.register !== register) continue;
      expect(step.when).toMatchObject({ register, value });
      const next = step.wanted[0]!.value & 0xffff;
      expect(Math.log2(next ^ value) % 1).toBe(0);
      expect([...written, 0x0802_0000]).toContain(next * 0x1_0000);
      value = next;
    }
    expect(value).toBe(0x081e);
  });

  it.each(['stm32h743', 'stm32f427'])('on %s write nothing of the bootloader before the switch', (id) => {
    const kept = board(id).kept[0]!.range;
    const before = stepsOf(plan(id)).filter((step) => !('when' in step && step.when?.value === 0x10));
    for (const step of before)
      if (step.kind === 'units' || step.kind === 'image')
        expect(step.units.addressStart).toBeGreaterThanOrEqual(kept.addressStart + kept.length);
  });

  it.each(['stm32h743', 'stm32f427'])(
    'on %s end with the anchor, and erase all that firmseal takes',
    (id) => {
      const { layout } = findChip(id);
      const units = stepsOf(plan(id)).flatMap((step) => (step.kind === 'units' ? [step.units] : []));
      expect(units.at(-1)).toMatchObject({ addressStart: layout.anchor.addressStart });
      const taken = [layout.agent, layout.agentCopy, layout.identity, layout.identityCopy, layout.anchorData];
      for (const unit of taken.flatMap((one) => eraseUnitsOf(findChip(id), one)))
        expect(
          units.some(
            ({ addressStart, length }) =>
              unit.addressStart - addressStart < length && unit.addressStart >= addressStart,
          ),
        ).toBe(true);
    },
  );

  it('set level 2 in the write that starts the agent, where the image has a secret', () => {
    const last = stepsOf(plan('stm32f427', {}, true)).at(-1)!;
    expect(last).toMatchObject({ kind: 'option', wanted: [{ value: 0xcc00 }] });
  });
});

it('the bytes of a plan are as long as they were said to be, and their sum covers every step', () => {
  const chip = findChip('stm32h743');
  const steps = stepsOf(plan('stm32h743'));
  const bytes = encodePlan(chip, steps);
  expect(bytes.length).toBe(planLength(steps));
  const view = new DataView(bytes.buffer);
  expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe('FSAP');
  expect([1, 2, 3].map((i) => view.getUint32(4 * i, true))).toEqual([1, bytes.length, chip.number]);
  const image = adoptionImage(chip, new Uint8Array(5760), { address: 0x0802_0000, steps });
  expect(new DataView(image.buffer).getUint32(4, true)).toBe(0x0802_0401);
});
