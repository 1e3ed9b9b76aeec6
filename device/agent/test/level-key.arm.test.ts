// Attack D5 from the chip's side, with the machine code of the U575: a key that somebody wrote before
// personalization shows in the flash controller, and the agent says so. At level 2 no
// code in the chip sets one.

import { finalOptions, findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { MachineCall } from './machine-call.ts';
import { machineLine } from './machine-line.ts';

const flash = 0x4002_2000;
const [yes, no] = [0x3c3c_3c3c, 0xc3c3_c3c3];
/** Code in flash: unlocks, writes OEM2, starts the programming of option bytes, waits for its end. */
const steps = [
  ...[0x4567_0123, 0xcdef_89ab].map((key) => [0x08, key] as const),
  ...[0x0819_2a3b, 0x4c5d_6e7f].map((key) => [0x10, key] as const),
  ...([
    [0x78, 0x0403_0201],
    [0x7c, 0x0807_0605],
    [0x28, 1 << 17],
  ] as const),
];

function bench(level: 0 | 2) {
  const { elf } = buildAgent(targetOf('stm32u575'));
  const line = machineLine('stm32u575', 'level key', { elf });
  const { chip } = line;
  chip.debug.connect();
  const options = finalOptions(findChip('stm32u575'), level);
  const values = options.map(({ register, mask, value }): [number, number] => [
    register,
    ((chip.judge.optionsStored.get(register)! & ~mask) | value) >>> 0,
  ]);
  expect(chip.debug.writeOptionBytes(new Map(values))).toBe('ok');
  const restart = () => {
    chip.powerOff();
    chip.powerOn();
    expect(line.info().get(1)).toBe('stm32u575');
  };
  restart();
  const seen = () => new MachineCall(line, elf).call('fs_port_level_key');
  const writeKey = () => {
    const { rp2040: bus } = chip.machine.processor.core;
    for (const [offset, value] of steps) bus.writeUint32(flash + offset, value);
    while (bus.readUint32(flash + 0x20) & (1 << 16));
  };
  return { chip, restart, seen, writeKey };
}

test.skipIf(!hasTool('arm-none-eabi-gcc'))('the agent sees a key that was written at level 0', () => {
  const { restart, seen, writeKey } = bench(0);
  expect(seen()).toBe(no);
  writeKey();
  restart();
  expect(seen()).toBe(yes);
});

test.skipIf(!hasTool('arm-none-eabi-gcc'))('at level 2 an application sets none', () => {
  const { chip, restart, seen, writeKey } = bench(2);
  writeKey();
  restart();
  expect(seen()).toBe(no);
  expect(chip.debug.giveLevelKey(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toBe('no-key');
  expect(chip.judge.readoutLevel).toBe(2);
});
