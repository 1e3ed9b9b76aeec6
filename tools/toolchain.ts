// External programs that tests compare against. A machine without one skips those tests and
// says so in one line; with CI=true in the environment a missing program is a failure, so that
// no comparison is lost unnoticed.

import { execFileSync, spawnSync } from 'node:child_process';

/**
 * True when the program runs, tried with the arguments `probe`. Missing: throws under CI=true, else
 * prints one line and returns false.
 */
export function hasTool(
  program: string,
  needed: 'in-ci' | 'never' = 'in-ci',
  probe: readonly string[] = ['--version'],
): boolean {
  if (spawnSync(program, probe, { stdio: 'ignore' }).status === 0) return true;
  const { CI } = process.env;
  if (needed === 'in-ci' && CI === 'true') throw new Error(`${program} is missing`);
  console.warn(`skipped: ${program} is not installed`);
  return false;
}

/**
 * Runs a program to its end in a folder and returns what it printed. Throws with its
 * error output when it fails.
 */
export function runTool(program: string, args: readonly string[], folder: string): string {
  return execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** First line of `program --version`. */
export function toolVersion(program: string): string {
  return runTool(program, ['--version'], '.').split('\n')[0] ?? '';
}
