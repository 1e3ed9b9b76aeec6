// Suites that cannot run on this machine for want of a Debian package: set-up names the packages (in
// FIRMSEAL_LACKING), debian-packages.json the suites. On CI a suite that cannot run is a failure.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SkippedSuite, Tally } from './tally.ts';

type Need = { suite: string; files: string; packages: string[] };

const root = fileURLToPath(new URL('../../', import.meta.url));

export type LackingSuites = { excludes: string[]; skippedSuites: SkippedSuite[]; tally: Tally };

/** The suites of `needs` that lack a package, each counted as one test: skipped, or on CI failed. */
export function lackingSuites(
  needs: readonly Need[],
  lacking: readonly string[],
  isCi: boolean,
  filesOf: (pattern: string) => readonly string[],
): LackingSuites {
  const skippedSuites: SkippedSuite[] = [];
  const excludes: string[] = [];
  for (const { suite, files, packages } of needs) {
    const missing = packages.filter((name) => lacking.includes(name));
    if (missing.length === 0 || filesOf(files).length === 0) continue;
    excludes.push(files);
    skippedSuites.push({ name: suite, count: 1, reason: `needs Debian's ${missing.join(' ')}` });
  }
  const count = skippedSuites.length;
  return {
    excludes,
    skippedSuites,
    tally: { passed: 0, failed: isCi ? count : 0, skipped: isCi ? 0 : count },
  };
}

/** The same for this machine, this tree and the task `test`; `filters` leave out suites as vitest would. */
export function lackingSuitesHere(filters: readonly string[]): LackingSuites {
  const data = readFileSync(`${root}tools/set-up/debian-packages.json`, 'utf8');
  const { tasks } = JSON.parse(data) as { tasks: { test: Need[] } };
  const lacking = (process.env['FIRMSEAL_LACKING'] ?? '').split(' ').filter((name) => name !== '');
  const isCi = process.env['CI'] === 'true';
  const exclude = (path: string) => path.includes('node_modules');
  const words = filters.filter((filter) => !filter.startsWith('-'));
  const isWanted = (path: string) => words.length === 0 || words.some((word) => path.includes(word));
  return lackingSuites(tasks.test, lacking, isCi, (pattern) =>
    globSync(pattern, { cwd: root, exclude }).filter(isWanted),
  );
}
