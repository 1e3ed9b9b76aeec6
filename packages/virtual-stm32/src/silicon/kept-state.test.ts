// A chip that goes on from what it kept is the same chip: content, broken granules,
// option bytes, OTP, counts, chance.

import { withOptionField } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
import type { ChipEvent } from '../chip/options.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';

const start = 0x08000000;
const units = (chip: VirtualChip) => chip.chip.flash.eraseUnits.map((unit) => chip.judge.unit(unit));

function usedChip(id: string): VirtualChip {
  const chip = createVirtualChip({ chip: id, seed: 'kept' });
  const word = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  chip.powerOn();
  chip.debug.connect();
  expect(chip.debug.programFlash(start, word)).toBe('ok');
  const { field, level1 } = chip.chip.readoutProtection;
  const values = withOptionField(chip.chip, chip.judge.optionsStored, { name: field, value: level1 });
  expect(chip.debug.writeOptionBytes(values)).toBe('ok');
  chip.power.plan([{ operation: chip.power.operations + 1, moment: 'torn' }]);
  expect(chip.debug.programFlash(start + 64, word)).toBe('no-power');
  expect(chip.power.fired).toHaveLength(1);
  return chip;
}

describe.each(['stm32f427', 'stm32g0b1', 'stm32h743'])('%s', (id) => {
  test('goes on where it was', () => {
    const before = usedChip(id);
    const kept = before.keep();
    const after = createVirtualChip({ chip: id, seed: 'another', kept });
    expect(after.uid).toEqual(before.uid);
    expect(after.judge.flash(start, 4096)).toEqual(before.judge.flash(start, 4096));
    expect(units(after)).toEqual(units(before));
    expect(after.judge.optionsStored).toEqual(before.judge.optionsStored);
    expect([after.power.operations, after.clock.nowUs]).toEqual([
      before.power.operations,
      before.clock.nowUs,
    ]);
    expect(after.powered).toBe(false);
    expect(after.keep()).toEqual(kept);
    after.powerOn();
    expect(after.judge.readoutLevel).toBe(1);
  });

  test('what is kept is a copy', () => {
    const chip = usedChip(id);
    const kept = chip.keep();
    const operations = kept.units[0]!.bytes.slice();
    chip.powerOn();
    chip.debug.connect();
    chip.debug.writeOptionBytes(
      withOptionField(chip.chip, chip.judge.optionsStored, {
        name: chip.chip.readoutProtection.field,
        value: 0xaa,
      }),
    );
    expect(chip.judge.flash(start, 32)).toEqual(new Uint8Array(32).fill(0xff));
    expect(kept.units[0]!.bytes).toEqual(operations);
  });
});

test('chance goes on: the random generator does not repeat its numbers', () => {
  const drawn: string[] = [];
  const drawing = {
    recognizes: () => true,
    create: () => ({
      start: (cpu: { random(length: number): Uint8Array }) => void drawn.push(cpu.random(8).join()),
      receive: () => {},
    }),
  };
  const first = createVirtualChip({ chip: 'stm32f427', seed: 'chance', executors: [drawing] });
  first.powerOn();
  const kept = first.keep();
  createVirtualChip({ chip: 'stm32f427', seed: 'chance', executors: [drawing], kept }).powerOn();
  createVirtualChip({ chip: 'stm32f427', seed: 'chance', executors: [drawing] }).powerOn();
  expect(drawn[1]).not.toBe(drawn[0]);
  expect(drawn[2]).toBe(drawn[0]); // without what was kept it does: the seed is the same
});

test.each([
  ['another chip', { chip: 'stm32h743' }],
  ['a unit that is not there', { units: [{ index: 99, bytes: new Uint8Array(16384), granules: undefined }] }],
  ['a unit of another size', { units: [{ index: 0, bytes: new Uint8Array(5), granules: undefined }] }],
  ['option registers that are missing', { options: new Map() }],
  ['a stream that is missing', { chance: new Map() }],
  ['an id of another length', { uid: new Uint8Array(3) }],
])('%s is refused', (_, change) => {
  const kept = { ...usedChip('stm32f427').keep(), ...change };
  expect(() => createVirtualChip({ chip: 'stm32f427', seed: 'x', kept })).toThrow(RangeError);
});

test('a chip made to stop at a crash tells it as an event only', () => {
  const events: ChipEvent[] = [];
  const faulty = {
    recognizes: () => true,
    create: () => ({
      start: () => {},
      receive: () => {
        throw new Error('a bug');
      },
    }),
  };
  const options = { chip: 'stm32f427', seed: 'crash', executors: [faulty] };
  const stopping = createVirtualChip({ ...options, onCrash: 'stop', onEvent: (event) => events.push(event) });
  stopping.powerOn();
  stopping.receive(Uint8Array.of(1));
  expect(events.at(-1)).toMatchObject({ kind: 'crashed', error: new Error('a bug') });
  const throwing = createVirtualChip(options);
  throwing.powerOn();
  expect(() => throwing.receive(Uint8Array.of(1))).toThrow('a bug');
});
