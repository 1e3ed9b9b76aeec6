// What a whole run of `npm test` may cost: the limits, the table of the costliest suites and the verdict. The
// limits are CPU minutes, which a busy machine changes little, divided by how slow the machine was
// (machine-speed.ts).

import type { FileTime } from './file-clock.ts';

/** CPU minutes that `npm test` may ever take: eight minutes on the clock of a machine with two cores. */
const wholeMinutes = 16;

/**
 * CPU minutes that the suites of today may take. A change that brings new suites raises this by 80 s at most,
 * and gives a suite that needs more a short sample here and its whole in `npm run lab`.
 */
const todayMinutes = 8;

/** Measured minutes vary from run to run: a run fails only when it is this many times over the limit. */
const tolerance = 1.25;

const rowsShown = 15;

/** The costs of one run, in CPU seconds but for `slowness`. */
export type RunCost = {
  files: readonly FileTime[];
  /** Everything: test files, vitest itself, transforms, static checks. */
  totalSeconds: number;
  /** How many times longer this machine took for the same work than the reference (machine-speed.ts). */
  slowness: number;
};

const minutes = (seconds: number): string => (seconds / 60).toFixed(1);
const row = (cpu: number, clock: number | undefined, name: string): string =>
  `${cpu.toFixed(1).padStart(9)}${(clock?.toFixed(1) ?? '').padStart(9)}  ${name}`;

/** The costliest suites, the rest, and the total beside the limits; one line an entry. */
export function costLines({ files, totalSeconds, slowness }: RunCost): string[] {
  const sorted = [...files].sort((a, b) => b.cpuSeconds - a.cpuSeconds);
  const rest = sorted.slice(rowsShown);
  const sum = (times: readonly FileTime[]): number =>
    times.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
  return [
    '    CPU s  clock s  costliest suites',
    ...sorted.slice(0, rowsShown).map((time) => row(time.cpuSeconds, time.clockSeconds, time.path)),
    ...(rest.length > 0 ? [row(sum(rest), undefined, `${rest.length} other suites`)] : []),
    row(Math.max(0, totalSeconds - sum(files)), undefined, 'static checks, transforms, vitest'),
    `${minutes(totalSeconds)} CPU minutes on a machine ${slowness.toFixed(2)} times as slow as the reference: ` +
      `${minutes(totalSeconds / slowness)} of ${todayMinutes} (and never more than ${wholeMinutes})`,
  ];
}

/** What to say when the run cost too much; undefined when it did not. */
export function overBudget({ totalSeconds, slowness }: RunCost): string | undefined {
  const limitMinutes = todayMinutes * tolerance;
  if (totalSeconds / slowness / 60 <= limitMinutes) return undefined;
  return (
    `npm test is over its budget: more than ${limitMinutes} CPU minutes of the reference machine; shorten the costliest ` +
    'suites above, and run the whole of them by npm run lab'
  );
}

/** What file-clock.ts recorded: one JSON object a line. */
export function parseFileTimes(text: string): FileTime[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as FileTime);
}
