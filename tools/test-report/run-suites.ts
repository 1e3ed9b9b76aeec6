// Runs vitest over suites and gathers what its parts wrote about the run: the reporter the tally, each worker
// the time of its files.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileTime, parseFileTimes } from './file-clock-record.ts';
import { watchSpeed } from './machine-speed.ts';
import type { RunRecord } from './reporter.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Files that the parts of vitest write. */
type RunFiles = { tally: string; cpu: string };

export type SuitesRun = {
  record: RunRecord;
  files: readonly FileTime[];
  /** How many times as slow as the reference the machine was meanwhile (machine-speed.ts). */
  slowness: number;
};

function runVitest(args: readonly string[], files: RunFiles): Promise<number> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${join(root, 'tools/test-report/reporter.ts')}`];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
      cwd: root,
      env: { ...process.env, FIRMSEAL_TALLY: files.tally, FIRMSEAL_CPU: files.cpu },
      stdio: 'inherit',
    });
    process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * What the reporter wrote, made to say "failed" where vitest did: it may have died before or after writing.
 */
function readRecord(tallyPath: string, vitestCode: number): RunRecord {
  const record = { tally: { passed: 0, failed: 0, skipped: 0 }, skippedSuites: [], vitestSeconds: 0 };
  try {
    Object.assign(record, JSON.parse(readFileSync(tallyPath, 'utf8')));
  } catch {
    // Counted below: vitest does not end well without having written its record.
    console.log('vitest left no record of its run');
    vitestCode ||= 1;
  }
  if (vitestCode !== 0 && record.tally.failed === 0) record.tally.failed = 1;
  return record;
}

/** `args` go to vitest as they are. */
export async function runSuites(args: readonly string[]): Promise<SuitesRun> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-test-'));
  const files = { tally: join(folder, 'tally.json'), cpu: join(folder, 'cpu.jsonl') };
  writeFileSync(files.cpu, '');
  const slownessSoFar = watchSpeed();
  try {
    const record = readRecord(files.tally, await runVitest(args, files));
    return { record, files: parseFileTimes(readFileSync(files.cpu, 'utf8')), slowness: slownessSoFar() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
