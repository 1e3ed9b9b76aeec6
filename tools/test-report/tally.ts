// The numbers of a test run and how they are told: one line a skipped suite with its reason, and a closing
// line that any CI can read, whatever its opinion of vitest's own.

export type Tally = { passed: number; failed: number; skipped: number };

/** Tests of one file that did not run, and why. */
export type SkippedSuite = { name: string; count: number; reason: string };

export function addTallies(...tallies: readonly Tally[]): Tally {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of tallies) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/** `N passed, N failed, N skipped`, alone on its line. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

export function skippedLine({ name, count, reason }: SkippedSuite): string {
  return `skipped: ${name} (${count} ${count === 1 ? 'test' : 'tests'}): ${reason}`;
}

/** 0 only when something ran and nothing failed. */
export function exitCodeOf({ passed, failed }: Tally): number {
  return failed === 0 && passed > 0 ? 0 : 1;
}
