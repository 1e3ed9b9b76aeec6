// A sample of the power cuts on the agent as machine code: an update with each kind of
// operation cut at each moment.

import { describe, expect, it } from 'vitest';
import { hasTool } from '../../tools/toolchain.ts';
import { MachineSample } from './machine-sample.ts';
import { updateScenario } from './scenarios.ts';

describe.skipIf(!hasTool('arm-none-eabi-gcc'))('power cuts on machine code', () => {
  it('an update on stm32g0b1: each kind of operation at each moment', async () => {
    const scenario = await updateScenario({ chipId: 'stm32g0b1', interruption: 'resume', build: 'thumb' });
    const { planned, fired, tried, violations } = await new MachineSample(scenario, 'update').run(1);
    expect(violations).toEqual([]);
    expect(fired).toBe(planned);
    for (const moment of ['before', 'torn', 'after'])
      for (const kind of ['program', 'erase']) expect(tried.get(`first ${kind} ${moment}`)).toBe(1);
  });
});
