// OEM1 and OEM2 of the U575: what they guard, what the right, a wrong and a short key do, and how firmware
// sees them. docs/virtual-stm32-rules.md says what of it was read in the manual.

import { readoutLevel, withOptionField } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';

const flash = 0x0800_0000;
const base = 0x4002_2000;
const status = 0x20;
const keyRegisters = { OEM1: [0x70, 0x74], OEM2: [0x78, 0x7c] } as const;
const locks = { OEM1: 1 << 18, OEM2: 1 << 19 } as const;
const right = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** A chip with 16 bytes in flash and that key, written by a debugger through the flash controller. */
function withKey(name: 'OEM1' | 'OEM2', words: readonly number[] = [0x0403_0201, 0x0807_0605]) {
  const chip = createVirtualChip({ chip: 'stm32u575', seed: `keys/${name}` });
  chip.powerOn();
  chip.debug.connect();
  expect(chip.debug.programFlash(flash, new Uint8Array(16).fill(0x5a))).toBe('ok');
  const probe = new TestDebugger(chip.machine.debugPort);
  probe.connect();
  const set = (offset: number, value: number) => probe.writeWord(base + offset, value);
  for (const key of [0x4567_0123, 0xcdef_89ab]) set(0x08, key);
  for (const key of [0x0819_2a3b, 0x4c5d_6e7f]) set(0x10, key);
  for (const [i, offset] of keyRegisters[name].entries()) set(offset, words[i]!);
  set(0x28, 1 << 17); // OPTSTRT
  while (probe.readWord(base + status)! & (1 << 16));
  restart(chip);
  return chip;
}

function restart(chip: VirtualChip): void {
  chip.powerOff();
  chip.powerOn();
  chip.debug.connect();
}

function atLevel(chip: VirtualChip, value: number): ReturnType<VirtualChip['debug']['writeOptionBytes']> {
  return chip.debug.writeOptionBytes(
    withOptionField(chip.chip, chip.judge.optionsStored, { name: 'RDP', value }),
  );
}

const levelOf = ({ chip, judge }: VirtualChip) => readoutLevel(chip, judge.optionsLoaded);
const lockBits = (chip: VirtualChip) => chip.debug.readWord(base + status);

describe('an OEM2 key', () => {
  const locked = () => {
    const chip = withKey('OEM2');
    expect(lockBits(chip)).toBe(locks.OEM2);
    expect(atLevel(chip, 0xcc)).toBe('ok');
    restart(chip);
    expect([levelOf(chip), chip.debug.connected]).toEqual([2, false]);
    return chip;
  };

  test('takes level 2 back to 1, and erases nothing', () => {
    const chip = locked();
    expect(chip.debug.giveLevelKey(right)).toBe('opened');
    expect(levelOf(chip)).toBe(1);
    expect(chip.judge.flash(flash, 16)).toEqual(new Uint8Array(16).fill(0x5a));
    chip.debug.connect();
    expect(chip.debug.readMemory(flash, 16)).toBe('bus-fault');
  });

  test.each([
    ['another', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9)],
    ['half of it', right.subarray(0, 4)],
    ['a longer', Uint8Array.of(...right, 9)],
  ])('%s does not, and the right one has to wait for the next power-on', (_, wrong) => {
    const chip = locked();
    expect(chip.debug.giveLevelKey(wrong)).toBe('wrong');
    expect(chip.debug.giveLevelKey(right)).toBe('wrong');
    expect(levelOf(chip)).toBe(2);
    restart(chip);
    expect(chip.debug.giveLevelKey(right)).toBe('opened');
  });

  test('that was never set opens nothing: level 2 is for good', () => {
    const chip = createVirtualChip({ chip: 'stm32u575', seed: 'no key' });
    chip.powerOn();
    chip.debug.connect();
    atLevel(chip, 0xcc);
    restart(chip);
    expect(chip.debug.giveLevelKey(new Uint8Array(8).fill(0xff))).toBe('no-key');
    expect(levelOf(chip)).toBe(2);
  });
});

describe('an OEM1 key', () => {
  test('guards the step from level 1 to 0, which erases the flash and keeps the key', () => {
    const chip = withKey('OEM1');
    expect(atLevel(chip, 0xbb)).toBe('ok');
    restart(chip);
    expect(atLevel(chip, 0xaa)).toBe('field-locked');
    expect(chip.debug.giveLevelKey(right)).toBe('opened');
    chip.debug.connect();
    expect(atLevel(chip, 0xaa)).toBe('ok');
    restart(chip);
    expect(levelOf(chip)).toBe(0);
    expect(chip.judge.flash(flash, 16)).toEqual(new Uint8Array(16).fill(0xff));
    expect(lockBits(chip)).toBe(locks.OEM1);
  });

  test('of all ones counts as no key', () => {
    const chip = withKey('OEM1', [0xffff_ffff, 0xffff_ffff]);
    expect(lockBits(chip)).toBe(0);
    expect(atLevel(chip, 0xbb)).toBe('ok');
    restart(chip);
    expect(atLevel(chip, 0xaa)).toBe('ok');
  });

  test('outlives the power, also of a chip that goes on elsewhere', () => {
    const kept = withKey('OEM1').keep();
    const chip = createVirtualChip({ chip: 'stm32u575', seed: 'keys/OEM1', kept });
    chip.powerOn();
    chip.debug.connect();
    expect(lockBits(chip)).toBe(locks.OEM1);
  });
});
