// A campaign: a plan dealt out to benches beside each other, and at the end the books: evidence of
// every database, the audit that any auditor can run, and for each job units, licenses and receipts
// against the chips that stood there.

import { decodeLogEntry, type Evidence, type JobEvidence } from '@firmseal/authority';
import { toHex } from '@firmseal/bytes';
import { Bench } from './bench.ts';
import { type OwnerKillsOutcome, runOwnerKills } from './owner-kills.ts';
import { killsOf, planCampaign, type ScenarioPlan } from './plan.ts';
import { runScenario, type ScenarioOutcome } from './scenario.ts';
import { Violation } from './violation.ts';

export interface CampaignOptions {
  readonly seed: string;
  /** Spreads over all points. */
  readonly rounds: number;
  /** Benches at the same time. */
  readonly benches: number;
  /** Only the scenario of this name; the owner's commands are left out. */
  readonly only?: string;
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

/** Units with at least one receipt for a license of theirs. */
function countProven({ licenses, receipts }: JobEvidence): number {
  const unitOf = new Map(licenses.map(({ licenseId, unitIndex }) => [toHex(licenseId), unitIndex]));
  return new Set(receipts.map(({ licenseId }) => unitOf.get(toHex(licenseId)))).size;
}

function countLogged({ log }: Evidence, kind: string): number {
  return log.filter(({ entry, sequence }) => decodeLogEntry(entry, sequence).kind === kind).length;
}

/** The books of one scenario's job; what is wrong with them is added to the violations. */
function checkJob(outcome: ScenarioOutcome, evidence: Evidence, violations: string[]): Books {
  const found = evidence.jobs.find(({ job }) => toHex(job.jobId) === outcome.job);
  if (found === undefined) throw new Violation(`scenario ${outcome.name}: its job is gone`);
  const holders = found.units.map(({ thumbprint }) => toHex(thumbprint)).sort();
  const chips = outcome.chips.map(({ thumbprint }) => thumbprint).sort();
  if (holders.join() !== chips.join())
    violations.push(
      `scenario ${outcome.name}: ${holders.length} units for ${chips.length} chips, or for others`,
    );
  const unitsWithReceipt = countProven(found);
  if (unitsWithReceipt !== chips.length)
    violations.push(`scenario ${outcome.name}: receipts for ${unitsWithReceipt} of ${chips.length} units`);
  const { units, licenses, receipts } = found;
  return {
    units: units.length,
    unitsWithReceipt,
    licenses: licenses.length,
    receipts: receipts.length,
  };
}

const addBooks = (a: Books, b: Books): Books => ({
  units: a.units + b.units,
  unitsWithReceipt: a.unitsWithReceipt + b.unitsWithReceipt,
  licenses: a.licenses + b.licenses,
  receipts: a.receipts + b.receipts,
});

/** Audit, log against tables, and each job's books. */
async function checkBooks(
  bench: Bench,
  { outcomes, alarms }: { outcomes: readonly ScenarioOutcome[]; alarms: number },
  violations: string[],
): Promise<Books> {
  const evidence = await bench.readEvidence(bench.folder);
  const { findings } = await bench.audit(evidence);
  const raised = findings.filter(({ code }) => code === 'alarm').length;
  if (raised !== alarms) violations.push(`the audit found ${raised} alarms, ${alarms} were raised`);
  for (const { code, subject, detail } of findings)
    if (code !== 'alarm') violations.push(`the audit found ${code}: ${subject}: ${detail}`);
  const books = outcomes.map((outcome) => checkJob(outcome, evidence, violations)).reduce(addBooks, noBooks);
  // Jobs that the owner's killed commands left behind hold no unit, so the log's counts
  // are those of the scenarios.
  for (const [kind, rows] of [
    ['unit-taken', books.units],
    ['license-issued', books.licenses],
    ['receipt-stored', books.receipts],
  ] as const) {
    const logged = countLogged(evidence, kind);
    if (logged !== rows) violations.push(`${logged} ${kind} in the log, ${rows} in the tables`);
  }
  return books;
}

async function runBench(
  bench: Bench,
  next: () => ScenarioPlan | undefined,
  {
    options,
    ownerKills,
  }: { options: CampaignOptions; ownerKills: ReturnType<typeof planCampaign>['ownerKills'] },
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
    books = await checkBooks(bench, { outcomes, alarms: owner.alarms }, violations);
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
      : { scenarios: whole.scenarios.filter(({ name }) => name === only), ownerKills: [] };
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
