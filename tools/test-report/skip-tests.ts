// Leaves tests out with a reason, which the report prints: vitest's skipIf and runIf give none.

import { beforeEach } from 'vitest';
import { hasTool } from '../toolchain.ts';

/**
 * Every test of the block (or of the file) that calls this is skipped for `reason`; without a reason
 * they run. Hooks that run once a block (beforeAll) run in any case.
 */
export function skipTests(reason: string | undefined): void {
  if (reason !== undefined) beforeEach((context) => context.skip(reason));
}

/**
 * `x is not installed` for the first of the programs that does not run, as hasTool looks
 * for it; undefined where all do.
 */
export function lackingTool(...programs: Parameters<typeof hasTool>[]): string | undefined {
  const lacking = programs.find((program) => !hasTool(...program));
  return lacking === undefined ? undefined : `${lacking[0]} is not installed`;
}
