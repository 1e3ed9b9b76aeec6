// What a whole run of `npm test` may cost: the limits, the table of the costliest suites and the verdict. The
// limits are CPU minutes, which a busy machine changes little, divided by how slow the machine was
// (machine-speed.ts).

import type { FileTime } from './file-clock-record.ts';
import type { Tally } from './tally.ts';

/**
 * CPU minutes of the reference machine that a whole run may take: less than eight on the clock of two cores.
 */
export const limitMinutes = 15;

/**
 * CPU minutes of the machine itself up to which no run is over the budget. How slow a machine is, is
 * measured by a small piece of work, and that is a rough word: the same suites took 32 minutes where it
 * said 2.6, and 41 where it said 1.4.
 */
export const alwaysAllowedMinutes = 45;

const rowsShown = 15;

/** The costs of one run. */
export type RunCost = {
  files: readonly FileTime[];
  /** CPU seconds beside the test files: builds before them, static checks, vitest itself. */
  otherSeconds: number;
  /** How many times longer this machine took for the same work than the reference (machine-speed.ts). */
  slowness: number;
};

const minutes = (seconds: number): string => (seconds / 60).toFixed(1);
const row = (cpu: number, clock: number | undefined, name: string): string =>
  `${cpu.toFixed(1).padStart(9)}${(clock?.toFixed(1) ?? '').padStart(9)}  ${name}`;

const sum = (times: readonly FileTime[]): number =>
  times.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);

const totalOf = ({ files, otherSeconds }: RunCost): number => sum(files) + otherSeconds;

/** The costliest suites, the rest, and the total beside the limits; one line an entry. */
export function costLines(cost: RunCost): string[] {
  const { files, otherSeconds, slowness } = cost;
  const totalSeconds = totalOf(cost);
  const sorted = [...files].sort((a, b) => b.cpuSeconds - a.cpuSeconds);
  const rest = sorted.slice(rowsShown);
  return [
    '    CPU s  clock s  costliest suites',
    ...sorted.slice(0, rowsShown).map((time) => row(time.cpuSeconds, time.clockSeconds, time.path)),
    ...(rest.length > 0 ? [row(sum(rest), undefined, `${rest.length} other suites`)] : []),
    row(otherSeconds, undefined, 'builds before the suites, static checks, vitest'),
    `${minutes(totalSeconds)} CPU minutes on a machine ${slowness.toFixed(2)} times as slow as the reference: ` +
      `${minutes(totalSeconds / slowness)} of its ${limitMinutes}`,
  ];
}

/** What to say when the run cost too much; undefined when it did not. */
export function overBudget(cost: RunCost): string | undefined {
  const spentMinutes = totalOf(cost) / 60;
  if (spentMinutes <= Math.max(alwaysAllowedMinutes, limitMinutes * cost.slowness)) return undefined;
  return (
    `npm test is over its budget of ${limitMinutes} CPU minutes of the reference machine: give the costliest ` +
    'suites above a shorter sample (sample.ts), and run them whole by npm run lab -- suites'
  );
}

/**
 * Prints what a run cost. A whole run counts as one test more: over the budget it fails
 * on CI, elsewhere it is told.
 */
export function tellCost(cost: RunCost, isWholeRun: boolean): Tally {
  for (const line of costLines(cost)) console.log(line);
  const excess = isWholeRun ? overBudget(cost) : undefined;
  if (excess === undefined) return { passed: isWholeRun ? 1 : 0, failed: 0, skipped: 0 };
  console.log(excess);
  return { passed: 0, failed: process.env['CI'] === 'true' ? 1 : 0, skipped: 0 };
}
