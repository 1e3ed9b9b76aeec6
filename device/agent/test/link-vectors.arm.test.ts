// The vectors of single messages against the agent's machine code, as it ships. USB control requests are not
// tried here: no model executes the USB driver of a port. In a sample the host computes the cryptography.

import { describe, expect, it } from 'vitest';
import { quickMachineLine } from '../../../lab/power/bench.ts';
import { sampled } from '../../../tools/test-report/sample.ts';
import { hasTool } from '../../../tools/toolchain.ts';
import { messageOutcome, messageVectors } from './link-vectors.ts';
import { machineLine, personalizeMachine } from './machine-line.ts';

describe.runIf(hasTool('arm-none-eabi-gcc'))('the agent as machine code', () => {
  it.each(['blank', 'personalized'] as const)(
    '%s: messages end in the fault of their case',
    async (state) => {
      const line = sampled(machineLine, quickMachineLine)(messageVectors.chip, 'link vectors');
      if (state === 'personalized') await personalizeMachine(line, 0);
      line.chip.powerOff();
      const before = line.chip.judge.snapshot();
      // One of each kind that is served is enough beside the refusals.
      const served = new Set<number>();
      for (const one of messageVectors.cases.filter(({ lifeCycle }) => lifeCycle === state)) {
        if (one.fault === undefined && served.has(one.type)) continue;
        if (one.fault === undefined) served.add(one.type);
        line.chip.powerOff();
        line.chip.judge.restore(before);
        line.chip.powerOn();
        expect([one.name, messageOutcome(line, one)]).toEqual([one.name, one.fault ?? 0]);
      }
      expect(served.size).toBeGreaterThan(2);
    },
  );
});
