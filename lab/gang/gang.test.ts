// 200 chips, each with an agent of its own, all in the middle of an install at one instant.

import { expect, it } from 'vitest';
import { buildAgent } from '../../device/agent/build.ts';
import { runGangAtOnce } from './gang.ts';

it('200 chips install 64 KiB at once, and every receipt is verified', async () => {
  const count = 200;
  const outcome = await runGangAtOnce({
    count,
    sizeBytes: 65_536,
    agentModule: await buildAgent('stm32f427'),
  });
  expect(outcome.installingAtOnce).toBe(count);
  expect(outcome.passed).toBe(count);
  expect(outcome.receiptsVerified).toBe(count);
});
