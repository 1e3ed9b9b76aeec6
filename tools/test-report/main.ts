// `npm test`: the static checks, then every suite, then one closing line. With arguments (`npm test --
// packages/seal`) they go to vitest as they are and the static checks, which know no
// part of the tree, are left out.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lackingSuitesHere } from './lacking.ts';
import type { RunRecord } from './reporter.ts';
import { runChecks, staticChecks, tallyChecks } from './static-checks.ts';
import { addTallies, closingLine, exitCodeOf, skippedLine, type Tally } from './tally.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function checkTree(): Promise<Tally> {
  const results = await runChecks(staticChecks, root);
  for (const { name, passed, output } of results) {
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${name}`);
    if (!passed) console.log(output.trimEnd());
  }
  return tallyChecks(results);
}

function runVitest(args: readonly string[], tallyPath: string): Promise<number> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${join(root, 'tools/test-report/reporter.ts')}`];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
      cwd: root,
      env: { ...process.env, FIRMSEAL_TALLY: tallyPath },
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

async function runSuites(args: readonly string[]): Promise<RunRecord> {
  const folder = mkdtempSync(join(tmpdir(), 'firmseal-test-'));
  try {
    const tallyPath = join(folder, 'tally.json');
    return readRecord(tallyPath, await runVitest(args, tallyPath));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const filters = process.argv.slice(2);
const lacking = lackingSuitesHere(filters);
const checked = filters.length === 0 ? await checkTree() : addTallies();
const record = await runSuites([...lacking.excludes.map((pattern) => `--exclude=${pattern}`), ...filters]);
const total = addTallies(checked, record.tally, lacking.tally);

for (const suite of [...record.skippedSuites, ...lacking.skippedSuites]) console.log(skippedLine(suite));
if (total.passed + total.failed === 0) console.log('no test ran');
console.log(closingLine(total));
process.exitCode = exitCodeOf(total);
