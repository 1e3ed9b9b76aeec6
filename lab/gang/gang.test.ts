// Many chips, each with an agent of its own, all in the middle of an install at one instant.

import { expect, it } from 'vitest';
import { buildAgent } from '../../device/agent/build.ts';
import { sampled } from '../../tools/test-report/sample.ts';
import { runGangAtOnce } from './gang.ts';

const count = sampled(200, 20);

it(`${count} chips install at once, and every receipt is verified`, async () => {
  const outcome = await runGangAtOnce({
    count,
    sizeBytes: sampled(65_536, 16_384),
    agentModule: await buildAgent('stm32f427'),
  });
  expect(outcome.installingAtOnce).toBe(count);
  expect(outcome.passed).toBe(count);
  expect(outcome.receiptsVerified).toBe(count);
});
