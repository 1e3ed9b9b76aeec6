import { describe, expect, it } from 'vitest';
import { hasTool } from '../../tools/toolchain.ts';
import { MachineSample } from './machine-sample.ts';
import { machineRuns } from './scenarios.ts';

describe.skipIf(!hasTool('arm-none-eabi-gcc'))('power cuts on machine code', () => {
  it.each(['stm32g0b1', 'stm32h743'])('%s: each kind of operation at each moment', async (chipId) => {
    for (const make of machineRuns) {
      const scenario = await make({ chipId, interruption: 'resume', build: 'thumb' });
      const { planned, fired, tried, violations } = await new MachineSample(scenario, chipId).run(1);
      expect(violations).toEqual([]);
      expect(fired).toBe(planned);
      for (const moment of ['before', 'torn', 'after'])
        for (const kind of ['program', 'erase']) expect(tried.get(`first ${kind} ${moment}`)).toBe(1);
    }
  });
});
