// A campaign: a plan dealt out to benches beside each other, and at the end the books: evidence of
// every database, the audit that any auditor can run, and for each job units, licenses and receipts
// against the chips that stood there.

import { Bench } from './bench.ts';
import type { BookKeeping } from './books.ts';
import { type OwnerKillsOutcome, runOwnerKills } from './owner-kills.ts';
import { killsOf, type OwnerKill, planCampaign, type ScenarioPlan } from './plan.ts';
import { runScenario, type ScenarioOutcome } from './scenario.ts';
import { Violation } from './violation.ts';

export interface CampaignOptions {
  readonly seed: string;
  /** Spreads over all points. */
  readonly rounds: number;
  /** Benches at the same time. */
  readonly benches: number;
  /** Only the scenarios of these names; the owner's commands are left out. */
  readonly only?: readonly string[];
  readonly onScenario?: (outcome: ScenarioOutcome) => void;
}

export interface CampaignReport {
  readonly planned: number;
  /** Point by point, every one seen as the end of a process by SIGKILL. */
  readonly kills: ReadonlyMap<string, number>;
  readonly stationRestarts: number;
  readonly authorityRestarts: number;
  /** Kills after which a unit stood on the disk and no license did. */
  readonly unitsWithoutLicenseSeen: number;
  readonly chips: number;
  readonly chipsPassed: number;
  readonly units: number;
  readonly unitsWithReceipt: number;
  readonly licenses: number;
  readonly receipts: number;
  readonly violations: readonly string[];
}

interface Books {
  readonly units: number;
  readonly unitsWithReceipt: number;
  readonly licenses: number;
  readonly receipts: number;
}

interface BenchOutcome extends Books {
  readonly outcomes: readonly ScenarioOutcome[];
  readonly owner: OwnerKillsOutcome;
  readonly authorityStarts: number;
  readonly violations: readonly string[];
}

const noOwnerKills: OwnerKillsOutcome = { kills: [], alarms: 0 };

const noBooks: Books = { units: 0, unitsWithReceipt: 0, licenses: 0, receipts: 0 };

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The books of one scenario's job; what is wrong with them is added to the violations. */
function checkJob(outcome: ScenarioOutcome, { jobs }: BookKeeping, violations: string[]): Books {
  const found = jobs.get(outcome.job);
  if (found === undefined) throw new Violation(`scenario ${outcome.name}: its job is gone`);
  const holders = found.units.map(({ thumbprint }) => thumbprint).sort();
  const chips = outcome.chips.map(({ thumbprint }) => thumbprint).sort();
  if (holders.join() !== chips.join())
    violations.push(
      `scenario ${outcome.name}: ${holders.length} units for ${chips.length} chips, or for others`,
    );
  const unitsWithReceipt = found.provenUnits.size;
  if (unitsWithReceipt !== chips.length)
    violations.push(`scenario ${outcome.name}: receipts for ${unitsWithReceipt} of ${chips.length} units`);
  const { licenses, receipts } = found;
  return { units: found.units.length, unitsWithReceipt, licenses, receipts };
}

const addBooks = (a: Books, b: Books): Books => ({
  units: a.units + b.units,
  unitsWithReceipt: a.unitsWithReceipt + b.unitsWithReceipt,
  licenses: a.licenses + b.licenses,
  receipts: a.receipts + b.receipts,
});

interface CheckedRun {
  readonly outcomes: readonly ScenarioOutcome[];
  readonly alarms: number;
  readonly ownerKills: readonly OwnerKill[];
}

/** Audit, log against tables, and each job's books. */
async function checkBooks(
  bench: Bench,
  { outcomes, alarms, ownerKills }: CheckedRun,
  violations: string[],
): Promise<Books> {
  const kept = await bench.readBooks(bench.folder);
  const { findings } = await bench.audit(kept.lines);
  const raised = findings.filter(({ code }) => code === 'alarm').length;
  if (raised !== alarms) violations.push(`the audit found ${raised} alarms, ${alarms} were raised`);
  for (const { code, subject, detail } of findings)
    if (code !== 'alarm') violations.push(`the audit found ${code}: ${subject}: ${detail}`);
  const books = outcomes.map((outcome) => checkJob(outcome, kept, violations)).reduce(addBooks, noBooks);
  // The trial of the void has taken a unit and got a license in each of its two phases.
  const trials = ownerKills.filter(({ write }) => write === 'voidUnit').length;
  for (const [kind, rows] of [
    ['unit-taken', books.units + trials],
    ['license-issued', books.licenses + trials],
    ['receipt-stored', books.receipts],
  ] as const) {
    const logged = kept.logged.get(kind) ?? 0;
    if (logged !== rows) violations.push(`${logged} ${kind} in the log, ${rows} in the tables`);
  }
  return books;
}

async function runBench(
  bench: Bench,
  next: () => ScenarioPlan | undefined,
  { options, ownerKills }: { options: CampaignOptions; ownerKills: readonly OwnerKill[] },
): Promise<BenchOutcome> {
  const outcomes: ScenarioOutcome[] = [];
  const violations: string[] = [];
  let owner = noOwnerKills;
  try {
    for (let plan = next(); plan !== undefined; plan = next()) {
      const outcome = await runScenario(bench, plan);
      outcomes.push(outcome);
      options.onScenario?.(outcome);
    }
    const [done] = outcomes;
    if (ownerKills.length > 0 && done !== undefined) owner = await runOwnerKills(bench, ownerKills, done.job);
  } catch (cause) {
    // One violation ends the bench: what it left behind is no ground for the next scenario.
    violations.push(textOf(cause));
  }
  const authorityStarts = bench.host.starts;
  await bench.host.stop().catch((cause) => violations.push(textOf(cause)));
  let books = noBooks;
  if (violations.length === 0)
    books = await checkBooks(bench, { outcomes, alarms: owner.alarms, ownerKills }, violations);
  await bench.end();
  return { outcomes, owner, authorityStarts, violations, ...books };
}

/** Runs it; what does not hold is in `violations`. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { seed, rounds, only } = options;
  const whole = planCampaign(seed, rounds);
  const plan =
    only === undefined
      ? whole
      : { scenarios: whole.scenarios.filter(({ name }) => only.includes(name)), ownerKills: [] };
  const waiting = [...plan.scenarios];
  const benches = await Promise.all(
    Array.from({ length: options.benches }, (_, i) => Bench.start(`${seed}/${i}`)),
  );
  const results = await Promise.all(
    benches.map((bench, i) =>
      runBench(bench, () => waiting.shift(), { options, ownerKills: i === 0 ? plan.ownerKills : [] }),
    ),
  );
  return toReport(results, killsOf(plan));
}

function toReport(results: readonly BenchOutcome[], planned: number): CampaignReport {
  const outcomes = results.flatMap((result) => result.outcomes);
  const points = [...outcomes, ...results.map(({ owner }) => owner)].flatMap((outcome) => outcome.kills);
  const kills = new Map<string, number>();
  for (const point of points) kills.set(point, (kills.get(point) ?? 0) + 1);
  const violations = results.flatMap((result) => result.violations);
  if (violations.length === 0 && points.length !== planned)
    violations.push(`${planned} kills were planned, ${points.length} happened`);
  const sum = (count: (outcome: ScenarioOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const books = results.reduce(addBooks, noBooks);
  return {
    planned,
    kills,
    stationRestarts: sum(({ stationRestarts }) => stationRestarts),
    authorityRestarts: results.reduce((total, { authorityStarts }) => total + authorityStarts - 1, 0),
    unitsWithoutLicenseSeen: sum(({ unitsWithoutLicenseSeen }) => unitsWithoutLicenseSeen),
    chips: sum(({ chips }) => chips.length),
    chipsPassed: sum(({ passed }) => passed),
    ...books,
    violations,
  };
}
