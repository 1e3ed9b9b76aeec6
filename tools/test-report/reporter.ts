// A vitest reporter that only counts: it writes a tally and the skipped suites, as JSON, to the file named by
// FIRMSEAL_TALLY. What the reader of the terminal sees comes from vitest's default reporter and from main.ts.

import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite } from 'vitest/node';
import { ownSeconds } from './cpu-time.ts';
import type { SkippedSuite, Tally } from './tally.ts';

export type Counts = { tally: Tally; skippedSuites: SkippedSuite[] };

/** Of a whole run; `vitestSeconds`: CPU time of vitest's own process, which transforms and schedules. */
export type RunRecord = Counts & { vitestSeconds: number };

/** Faults outside of any test: a module that did not load, a hook that threw. */
function outerErrorCount(module: TestModule): number {
  const suites: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return suites.filter((suite) => suite.errors().length > 0).length;
}

function recordModule(module: TestModule): Counts {
  const tally = { passed: 0, failed: outerErrorCount(module), skipped: 0 };
  const countByReason = new Map<string, number>();
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed') tally.passed++;
    else if (result.state === 'failed') tally.failed++;
    else {
      tally.skipped++;
      const note = result.state === 'skipped' ? result.note : undefined;
      const reason = note ?? (test.options.mode === 'todo' ? 'to be written' : 'the test gives no reason');
      countByReason.set(reason, (countByReason.get(reason) ?? 0) + 1);
    }
  }
  const name = module.relativeModuleId;
  return { tally, skippedSuites: [...countByReason].map(([reason, count]) => ({ name, count, reason })) };
}

/** The tally over all modules; errors that vitest could not attribute to a test count as failures. */
export function recordRun(modules: readonly TestModule[], unhandledErrorCount: number): Counts {
  const whole: Counts = {
    tally: { passed: 0, failed: unhandledErrorCount, skipped: 0 },
    skippedSuites: [],
  };
  for (const { tally, skippedSuites } of modules.map(recordModule)) {
    whole.tally.passed += tally.passed;
    whole.tally.failed += tally.failed;
    whole.tally.skipped += tally.skipped;
    whole.skippedSuites.push(...skippedSuites);
  }
  return whole;
}

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env['FIRMSEAL_TALLY'];
    if (path === undefined) throw new Error('FIRMSEAL_TALLY names no file');
    const record: RunRecord = {
      ...recordRun(modules, unhandledErrors.length),
      vitestSeconds: ownSeconds(),
    };
    writeFileSync(path, JSON.stringify(record));
  }
}
