// What a debugger reads on its way from the access port to the core: ROM tables, their identity, and that
// every entry leads to a component that says what it is (IHI 0031, D2).

import { chipIds } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { TestDebugger } from '../../test/debugger.ts';
import { createVirtualChip } from '../chip/factory.ts';

// Device id in the table of the access port; parts found behind it.
test.each([
  ['stm32f405', 0x413, [0x00c, 0x002, 0x003]],
  ['stm32f427', 0x419, [0x00c, 0x002, 0x003]],
  ['stm32h743', 0x450, [0x00c, 0x002, 0x00e]],
  ['stm32g0b1', 0x467, [0x008, 0x00a, 0x00b]],
  ['stm32l476', 0x415, [0x00c, 0x002, 0x003]],
  ['stm32u575', 0x482, [0xd21, 0xd21, 0xd21]],
  ['stm32h563', 0x484, [0xd21, 0xd21, 0xd21]],
  ['stm32f427xg', 0x419, [0x00c, 0x002, 0x003]],
  ['stm32f446', 0x421, [0x00c, 0x002, 0x003]],
  ['stm32f411', 0x431, [0x00c, 0x002, 0x003]],
] as const)('%s: ST and device id %i, then Arm components', (id, deviceId, parts) => {
  const chip = createVirtualChip({ chip: id, seed: 'rom table' });
  chip.powerOn();
  const probe = new TestDebugger(chip.machine.debugPort, chip.chip.debug.apIndex);
  probe.connect();
  const word = (address: number) => probe.readWord(address >>> 0)!;
  const identityOf = (base: number) => {
    const at = (offset: number) => word(base + offset);
    expect([at(0xff0), at(0xff8), at(0xffc)]).toEqual([0x0d, 0x05, 0xb1]);
    return {
      class: at(0xff4) >>> 4,
      part: at(0xfe0) | ((at(0xfe4) & 0xf) << 8),
      designer: (at(0xfd0) << 8) | (at(0xfe4) >>> 4) | ((at(0xfe8) & 7) << 4),
    };
  };
  const found: number[] = [];
  const walk = (base: number) => {
    for (let i = 0; word(base + 4 * i) !== 0; i++) {
      const entry = word(base + 4 * i);
      expect(entry & 3).toBe(3);
      const component = (base + (entry & ~0xfff)) >>> 0;
      const identity = identityOf(component);
      expect(identity.designer).toBe(0x43b);
      if (identity.class === 1) walk(component);
      else found.push(identity.part);
    }
  };
  const first = chip.chip.debug.romTableBase;
  expect(identityOf(first)).toEqual({ class: 1, part: deviceId, designer: 0x020 });
  walk(first);
  expect(found).toEqual(parts);
});

test('every chip of the catalogue has its row above', () => {
  expect(chipIds()).toHaveLength(10);
});
