// The random generator as the machine code of the U575 uses it: with the configuration that ST names for NIST
// SP 800-90B, and started again by CONDRST after a seed error, which switching it off does not cure.

import { expect, test } from 'vitest';
import { hasTool } from '../../../tools/toolchain.ts';
import { targetOf } from '../toolchain/targets.ts';
import { buildAgent } from '../toolchain/thumb.ts';
import { MachineCall } from './machine-call.ts';
import { machineLine } from './machine-line.ts';

const rng = { control: 0x420c_0800, noise: 0x420c_080c, health: 0x420c_0810 };
const ok = 0x5a5a_5a5a;

test.skipIf(!hasTool('arm-none-eabi-gcc'))('U575: configured, and well again after a seed error', () => {
  const { elf } = buildAgent(targetOf('stm32u575'));
  const line = machineLine('stm32u575', 'random', { elf });
  expect(line.info().get(1)).toBe('stm32u575');
  const { machine } = line.chip;
  const agent = new MachineCall(line, elf);
  const words = () => {
    const result = agent.call('fs_port_random', agent.room, 16);
    return result === ok ? Buffer.from(line.chip.judge.ram(agent.room, 16)).toString('hex') : undefined;
  };
  const first = words();
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  const held = [rng.control, rng.noise, rng.health].map((address) => machine.readDebugWord(address));
  // RNGEN beside the configuration, without CONDRST (AN4230; ST's device header:
  // RNG_CR_NIST_VALUE and so on).
  expect(held).toEqual([0x00f0_0d04, 0x0001_7cbb, 0xa2b0]);
  machine.failGenerator();
  const second = words();
  expect(second).toMatch(/^[0-9a-f]{32}$/);
  expect(second).not.toBe(first);
});
