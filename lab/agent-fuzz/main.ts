// `npm run lab -- fuzz`: the agent's parsers under libFuzzer with address and undefined-behaviour checks,
// what of them the inputs reach, and the two differential fuzzers. Ends with 1 on a crash, a disagreement, or
// a coverage below 95 %, with 2 when its command line is wrong.
//   npm run lab -- fuzz                       all of it for two or three minutes
//   npm run lab -- fuzz targets 60            each target for 60 seconds
//   npm run lab -- fuzz runs 20000000         so many executions, shared among the targets
//   npm run lab -- fuzz coverage              what the inputs found so far reach
//   npm run lab -- fuzz differential 2000000  so many inputs to readers and parsers; then a seed
//   npm run lab -- fuzz crypto 100000         so many inputs to BearSSL and to the imported cryptography
//   npm run lab -- fuzz minimize              drops inputs that others cover

import { atMost, oneOf, readCommandLine, wholeNumber } from '../../tools/command-line.ts';
import { measureCoverage } from './coverage.ts';
import { runCryptoDifferential } from './crypto-differential.ts';
import { runDifferential } from './differential-campaign.ts';
import { type FuzzLimit, minimize, runTarget } from './run-target.ts';
import { type FuzzTarget, fuzzTargets } from './seeds.ts';

const coverageLeast = 95;

/** Of a hundred executions: fast targets more. */
const shares: Record<FuzzTarget, number> = {
  fuzz_cbor: 40,
  fuzz_frame: 10,
  fuzz_authority: 18,
  fuzz_package: 10,
  fuzz_license: 12,
  fuzz_record: 3,
  fuzz_personalize: 4,
  fuzz_line: 1,
  fuzz_usb: 2,
};

const say = (text: string) => console.log(text);

function runTargets(limitOf: (target: FuzzTarget) => FuzzLimit): boolean {
  let executions = 0;
  let passed = true;
  for (const target of fuzzTargets) {
    const report = runTarget(target, limitOf(target));
    executions += report.executions;
    passed &&= report.passed;
    say(
      `${target}: ${report.passed ? 'nothing found' : 'FAILED'}, ${report.executions} executions, ${report.corpus} inputs kept`,
    );
    if (!report.passed) say(report.output);
  }
  say(`targets: ${executions} executions, ${passed ? 'no crash' : 'FAILED'}`);
  return passed;
}

function showCoverage(): boolean {
  const files = measureCoverage();
  const sum = (of: (file: (typeof files)[number]) => number) =>
    files.reduce((total, file) => total + of(file), 0);
  const percent = (reached: number, regions: number) => ((100 * reached) / regions).toFixed(1);
  for (const { file, regions, reached, leftOut, missed } of files) {
    say(`${file}: ${reached} of ${regions} regions, ${percent(reached, regions)} %, ${leftOut} unreachable`);
    for (const { line, text } of missed) say(`  not reached: ${line}: ${text}`);
  }
  const [reached, regions] = [sum((file) => file.reached), sum((file) => file.regions)];
  const left = sum((file) => file.leftOut);
  say(
    `coverage: ${reached} of ${regions} regions, ${percent(reached, regions)} %; ${left} unreachable left out`,
  );
  return (100 * reached) / regions >= coverageLeast;
}

async function compare(runs: number, firstSeed: number): Promise<boolean> {
  const reports = await runDifferential(
    { runs, firstSeed },
    ({ kind, runs: count, verdicts, disagreements }) => {
      const most = [...verdicts].sort((a, b) => b[1] - a[1]).slice(0, 4);
      say(
        `${kind}: ${count} inputs, ${disagreements.length} disagreements, ${verdicts.size} verdicts, most ${most.map(([name, times]) => `${name} ${times}`).join(', ')}`,
      );
      for (const text of disagreements.slice(0, 10)) say(`  ${text}`);
    },
  );
  const total = reports.reduce((sum, report) => sum + report.runs, 0);
  const disagreements = reports.reduce((sum, report) => sum + report.disagreements.length, 0);
  say(`differential: ${total} inputs from seed ${firstSeed}, ${disagreements} disagreements`);
  return disagreements === 0;
}

async function compareCrypto(runs: number): Promise<boolean> {
  const { runs: done, accepted, highS, disagreements } = await runCryptoDifferential(runs, 'fuzz');
  for (const text of disagreements.slice(0, 10)) say(`  ${text}`);
  say(
    `crypto: ${done} inputs, ${accepted} accepted by BearSSL (${highS} with a high s), ${disagreements.length} disagreements`,
  );
  return disagreements.length === 0;
}

/** Each part with the numbers that may follow it, and what they are when absent. */
const parts = {
  targets: { seconds: 20 },
  runs: { runs: 1_000_000 },
  coverage: {},
  differential: { inputs: 100_000, seed: 1 },
  crypto: { inputs: 10_000 },
  minimize: {},
} as const;

interface Request {
  readonly part: keyof typeof parts | undefined;
  readonly numbers: readonly number[];
}

function readRequest([name, ...texts]: readonly string[]): Request {
  if (name === undefined) return { part: undefined, numbers: [] };
  const part = oneOf(name, 'part', Object.keys(parts) as (keyof typeof parts)[]);
  const defaults: [string, number][] = Object.entries(parts[part]);
  atMost(texts, defaults.length);
  const numbers = defaults.map(([label, otherwise], i) =>
    texts[i] === undefined ? otherwise : wholeNumber(texts[i], label),
  );
  return { part, numbers };
}

async function main({ part, numbers: [first = 0, second = 0] }: Request): Promise<boolean> {
  switch (part) {
    case 'targets':
      return runTargets(() => ({ seconds: first }));
    case 'runs':
      return runTargets((target) => ({ runs: Math.ceil((first * shares[target]) / 100) }));
    case 'coverage':
      return showCoverage();
    case 'differential':
      return compare(first, second);
    case 'crypto':
      return compareCrypto(first);
    case 'minimize':
      for (const target of fuzzTargets) minimize(target);
      return true;
    case undefined: {
      const crashed = !runTargets(() => ({ seconds: 10 }));
      const covered = showCoverage();
      const agreed = (await compare(50_000, 1)) && (await compareCrypto(6000));
      return !crashed && covered && agreed;
    }
  }
}

const request = readCommandLine('npm run lab -- fuzz [PART [N [SEED]]]', readRequest);
if (!(await main(request))) process.exitCode = 1;
