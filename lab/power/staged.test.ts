// A sample of `npm run lab -- power --staged`: power that goes while a staged package is installed.

import { expect, test } from 'vitest';
import { sampled } from '../../tools/test-report/sample.ts';
import { StagedCuts, stagedChips } from './staged.ts';

const runs = sampled(
  stagedChips.flatMap((chipId) =>
    (['resume', 'erase', 'trial'] as const).map((manner) => [chipId, manner] as const),
  ),
  (['resume', 'erase', 'trial'] as const).map((manner) => ['stm32h743', manner] as const),
);

test.each(runs)(
  '%s, %s: the previous or the new application boots, whatever is cut',
  async (chipId, manner) => {
    const cuts = await StagedCuts.create(chipId, manner);
    const { violations, planned, fired, renewed, previous } = cuts.run(
      { every: sampled(1, 15), again: sampled(2, 6) },
      sampled(undefined, ['torn']),
    );
    expect(violations).toEqual([]);
    expect(fired).toBe(planned);
    expect(planned).toBeGreaterThan(4);
    expect(renewed).toBeGreaterThan(2);
    if (manner !== 'trial') expect(previous).toBe(0);
  },
);
