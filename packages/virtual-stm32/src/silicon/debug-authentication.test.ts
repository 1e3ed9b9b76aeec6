// Debug authentication of the H563 by password: where it is provisioned, which states it takes back, what the
// right, a wrong and a short password do, and what a chip without one does. Sources and what is recalled:
// docs/virtual-stm32-rules/protection.md.

import { findChip, withOptionField } from '@firmseal/chips';
import { describe, expect, test } from 'vitest';
import { createVirtualChip } from '../chip/factory.ts';
import type { VirtualChip } from '../chip/virtual-chip.ts';

const flash = 0x0800_0000;
const states = { open: 0xed, provisioning: 0x17, irot: 0x2e, tzClosed: 0xc6, closed: 0x72, locked: 0x5c };
const right = new TextEncoder().encode('sixteen letters!');
const unit = new Uint8Array(16).fill(0x5a);
const erased = new Uint8Array(16).fill(0xff);

function blank(kept?: ReturnType<VirtualChip['keep']>) {
  const chip = createVirtualChip({ chip: 'stm32h563', seed: 'debug authentication', ...(kept && { kept }) });
  chip.powerOn();
  chip.debug.connect();
  return chip;
}

function setField(chip: VirtualChip, name: string, value: number) {
  chip.debug.connect();
  const set = chip.debug.writeOptionBytes(
    withOptionField(chip.chip, chip.judge.optionsStored, { name, value }),
  );
  chip.powerOff();
  chip.powerOn();
  return set;
}

/** A chip with data in flash, that password, and that state. */
function provisioned(state: keyof typeof states) {
  const chip = blank();
  expect(chip.debug.programFlash(flash, unit)).toBe('ok');
  expect(setField(chip, 'PRODUCT_STATE', states.provisioning)).toBe('ok');
  expect(chip.debug.storePassword(right)).toBe('ok');
  if (state !== 'provisioning') expect(setField(chip, 'PRODUCT_STATE', states[state])).toBe('ok');
  return chip;
}

const stateOf = (chip: VirtualChip) => chip.debug.discoverAuthentication();

describe.each(['provisioning', 'irot', 'closed'] as const)('a password, in state %s', (state) => {
  test.each([
    ['another', new TextEncoder().encode('sixteen letters?')],
    ['half of it', right.subarray(0, 8)],
    ['a longer one', Uint8Array.of(...right, 33)],
    ['none', new Uint8Array()],
  ])('%s changes nothing', (_, wrong) => {
    const chip = provisioned(state);
    const before = stateOf(chip);
    expect(chip.debug.authenticate(wrong)).toBe('wrong');
    expect(stateOf(chip)).toEqual(before);
    expect(chip.judge.flash(flash, 16)).toEqual(unit);
  });

  test('the right one erases flash and keys and ends in open', () => {
    const chip = provisioned(state);
    expect(chip.debug.authenticate(right)).toBe('opened');
    expect(stateOf(chip)).toEqual({ productState: 'open', provisioned: false });
    expect(chip.debug.connect()).toBe('connected');
    expect(chip.debug.readMemory(flash, 16)).toEqual(erased);
    expect(chip.debug.authenticate(right)).toBe('refused');
  });
});

test('a closed chip without one stays closed', () => {
  const chip = blank();
  setField(chip, 'PRODUCT_STATE', states.closed);
  expect(stateOf(chip)).toEqual({ productState: 'closed', provisioned: false });
  expect(chip.debug.authenticate(right)).toBe('no-key');
  expect(stateOf(chip)).toEqual({ productState: 'closed', provisioned: false });
});

test('a locked chip is not opened by it', () => {
  const chip = provisioned('locked');
  expect(chip.debug.authenticate(right)).toBe('refused');
  expect(chip.judge.readoutLevel).toBe(2);
});

test('it is taken in state provisioning alone, and with TrustZone off', () => {
  const chip = blank();
  expect(chip.debug.storePassword(right)).toBe('refused');
  expect(setField(chip, 'TZEN', 0xb4)).toBe('ok');
  setField(chip, 'PRODUCT_STATE', states.provisioning);
  expect(chip.debug.storePassword(right)).toBe('refused');
  expect(stateOf(chip)).toEqual({ productState: 'provisioning', provisioned: false });
});

test('a regression that option bytes ask for takes it away too; one that ends in TZ-closed does not', () => {
  const chip = provisioned('irot');
  expect(setField(chip, 'PRODUCT_STATE', 0xa3)).toBe('ok');
  expect(stateOf(chip)).toEqual({ productState: 'tz-closed', provisioned: true });
  expect(setField(chip, 'PRODUCT_STATE', 0x9a)).toBe('ok');
  expect(stateOf(chip)).toEqual({ productState: 'open', provisioned: false });
});

test('it outlives the power, also of a chip that goes on elsewhere', () => {
  const chip = blank(provisioned('closed').keep());
  expect(stateOf(chip)).toEqual({ productState: 'closed', provisioned: true });
  expect(chip.debug.authenticate(right)).toBe('opened');
});

test('other families have none', () => {
  const chip = createVirtualChip({ chip: 'stm32u575', seed: 'none' });
  chip.powerOn();
  expect(findChip('stm32u575').readoutProtection.debugAuthentication).toBeUndefined();
  expect(stateOf(chip)).toBeUndefined();
  expect(chip.debug.storePassword(right)).toBe('refused');
  expect(chip.debug.authenticate(right)).toBe('refused');
});
