// `npm test`: the static checks, then every suite, what they cost, and one closing line. With arguments
// (`npm test -- packages/seal`) they go to vitest as they are, and the static checks, which know no part of
// the tree, are left out.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { costLines, overBudget, parseFileTimes, type RunCost } from './budget.ts';
import { cpuSeconds } from './cpu-time.ts';
import { lackingSuitesHere } from './lacking.ts';
import { watchSpeed } from './machine-speed.ts';
import type { RunRecord } from './reporter.ts';
import { runChecks, staticChecks, tallyChecks } from './static-checks.ts';
import { addTallies, closingLine, exitCodeOf, skippedLine, type Tally } from './tally.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Files that the parts of vitest write: the reporter its tally, each worker its times. */
type RunFiles = { tally: string; cpu: string };

async function checkTree(): Promise<Tally> {
  const results = await runChecks(staticChecks, root);
  for (const { name, passed, output } of results) {
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}`);
    if (!passed) console.log(output.trimEnd());
  }
  return tallyChecks(results);
}

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
  const record = { tally: { passed: 0, failed: 0, skipped: 0 }, skippedSuites: [] };
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

type SuitesRun = { record: RunRecord; cost: RunCost };

async function runSuites(args: readonly string[]): Promise<SuitesRun> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-test-'));
  const files = { tally: join(folder, 'tally.json'), cpu: join(folder, 'cpu.jsonl') };
  writeFileSync(files.cpu, '');
  const speed = watchSpeed();
  try {
    const record = readRecord(files.tally, await runVitest(args, files));
    const cost = {
      files: parseFileTimes(readFileSync(files.cpu, 'utf8')),
      totalSeconds: cpuSeconds(),
      slowness: speed(),
    };
    return { record, cost };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Prints what the run cost. A whole run that is over the budget counts as one failure
 * on CI; elsewhere it is told.
 */
function tellCost(cost: RunCost, isWhole: boolean): Tally {
  for (const line of costLines(cost)) console.log(line);
  const excess = isWhole ? overBudget(cost) : undefined;
  if (excess === undefined) return { passed: isWhole ? 1 : 0, failed: 0, skipped: 0 };
  console.log(excess);
  return { passed: 0, failed: process.env['CI'] === 'true' ? 1 : 0, skipped: 0 };
}

const filters = process.argv.slice(2);
const lacking = lackingSuitesHere(filters);
const isWhole = filters.length === 0;
const checked = isWhole ? await checkTree() : addTallies();
const excludes = lacking.excludes.map((pattern) => `--exclude=${pattern}`);
const { record, cost } = await runSuites([...excludes, ...filters]);
const total = addTallies(checked, record.tally, lacking.tally, tellCost(cost, isWhole));

for (const suite of [...record.skippedSuites, ...lacking.skippedSuites]) console.log(skippedLine(suite));
if (total.passed + total.failed === 0) console.log('no test ran');
console.log(closingLine(total));
process.exitCode = exitCodeOf(total);
