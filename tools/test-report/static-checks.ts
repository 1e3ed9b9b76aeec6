// The checks that read the tree without running it. Each counts as one test; what a check
// prints is shown when it fails.

import { execFile } from 'node:child_process';
import type { Tally } from './tally.ts';

export type Check = { name: string; command: string; args: string[] };
export type CheckResult = { name: string; passed: boolean; output: string };

export const staticChecks: readonly Check[] = [
  { name: 'biome check', command: 'biome', args: ['check', '.', '--error-on-warnings'] },
  { name: 'tsc --noEmit', command: 'tsc', args: ['--noEmit', '-p', '.'] },
  // Code of the browser, with the browser's types.
  { name: 'tsc of the updater', command: 'tsc', args: ['--noEmit', '-p', 'apps/updater'] },
  { name: 'tsc of the console', command: 'tsc', args: ['--noEmit', '-p', 'apps/console'] },
  { name: 'knip', command: 'knip', args: ['--no-progress'] },
];

function runCheck({ name, command, args }: Check, cwd: string): Promise<CheckResult> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const reason = error !== null && `${stdout}${stderr}`.trim() === '' ? error.message : '';
      resolve({ name, passed: error === null, output: `${stdout}${stderr}${reason}` });
    });
  });
}

/** Runs the checks side by side in `cwd`; a command that does not start is a failed check. */
export function runChecks(checks: readonly Check[], cwd: string): Promise<CheckResult[]> {
  return Promise.all(checks.map((check) => runCheck(check, cwd)));
}

export function tallyChecks(results: readonly CheckResult[]): Tally {
  const passed = results.filter((result) => result.passed).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}
