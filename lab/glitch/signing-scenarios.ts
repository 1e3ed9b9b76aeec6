// Scenarios of what the agent signs: good hellos and receipts, which a glitch must not make tell a key.

import { requestTypes } from '@firmseal/link';
import type { ChipSnapshot } from '@firmseal/virtual-stm32';
import { pattern } from '../../device/agent/test/trusted-site.ts';
import type { Scenario } from './scenario.ts';
import { SignedAnswers } from './signed-answers.ts';
import type { Target } from './target.ts';

/** Good requests for what the agent signs. */
export function signings(target: Target, installed: ChipSnapshot): Scenario[] {
  return (['hello', 'receipt'] as const).map((kind) => {
    const answers = new SignedAnswers(target, kind);
    return {
      name: `${kind}, signed otherwise`,
      from: installed,
      before: [],
      request: { type: requestTypes[kind], body: pattern(32, 6) },
      statusIsNothing: true,
      isBad: () => false,
      leaks: () => answers.leaks(),
      answers,
      after: [],
    };
  });
}
