// `npm test`: the static checks, then every suite, what they cost, and one closing line.
//   npm test -- packages/seal      arguments go to vitest as they are; without the static checks, which
//                                  know no part of the tree
//   npm test -- --changed [REF]    the static checks, and the suites that a difference from REF (HEAD, when
//                                  none is given) can affect

import { fileURLToPath } from 'node:url';
import { tellCost } from './budget.ts';
import { affectedTests, changedFiles, NoGit, treeHere } from './changed.ts';
import { cpuSeconds } from './cpu-time.ts';
import { lackingSuitesHere } from './lacking.ts';
import { runSuites } from './run-suites.ts';
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

/** The arguments for vitest instead of `--changed`: the test files that the change can affect. */
function affectedBy(args: readonly string[]): string[] {
  const at = args.indexOf('--changed');
  const ref = args[at + 1];
  const hasRef = ref !== undefined && !ref.startsWith('-');
  const changed = changedFiles(hasRef ? ref : 'HEAD');
  const tests = affectedTests(changed, treeHere());
  console.log(`${changed.length} files differ; they can affect ${tests.length} test files`);
  return [...tests, ...args.toSpliced(at, hasRef ? 2 : 1)];
}

async function run(args: readonly string[]): Promise<void> {
  const byChange = args.includes('--changed');
  const filters = byChange ? affectedBy(args) : args;
  if (byChange && filters.every((filter) => filter.startsWith('-'))) {
    console.log('nothing to test');
    return;
  }
  const isWhole = args.length === 0;
  const lacking = lackingSuitesHere(filters);
  const checked = isWhole || byChange ? await checkTree() : addTallies();
  const beforeSeconds = Number(process.env['FIRMSEAL_BUILD_SECONDS'] ?? 0) + cpuSeconds();
  const excludes = lacking.excludes.map((pattern) => `--exclude=${pattern}`);
  const { record, files, slowness } = await runSuites([...excludes, ...filters]);
  const cost = { files, otherSeconds: beforeSeconds + record.vitestSeconds, slowness };
  const total = addTallies(checked, record.tally, lacking.tally, tellCost(cost, isWhole));

  for (const suite of [...record.skippedSuites, ...lacking.skippedSuites]) console.log(skippedLine(suite));
  if (total.passed + total.failed === 0) console.log('no test ran');
  console.log(closingLine(total));
  process.exitCode = exitCodeOf(total);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof NoGit)) throw error;
  console.error(`npm test: ${error.message}`);
  process.exitCode = 2;
}
