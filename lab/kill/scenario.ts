// One scenario: two fresh chips, a job with units to spare, the same install command again and
// again, killed as planned, until it ends by itself. Spare units make a unit that is spent
// twice visible instead of refused.

import { rmSync } from 'node:fs';
import { toHex } from '@firmseal/bytes';
import type { Bench } from './bench.ts';
import { checkChip } from './check-chip.ts';
import { Child, type Ending } from './child.ts';
import type { CampaignChip } from './chips-process.ts';
import { type Arm, armText, betweenCommitAndSignature } from './kill-point.ts';
import type { RunPlan, ScenarioPlan } from './plan.ts';
import type { StationFile } from './station-file.ts';
import { demand, Violation } from './violation.ts';

const chipsPerScenario = 2;
const spareUnits = 3;
const runLimitMs = 90_000;

export interface ScenarioOutcome {
  readonly name: string;
  /** Points where a process was seen to end by SIGKILL. */
  readonly kills: readonly string[];
  /** How often the command was started again. */
  readonly stationRestarts: number;
  /** What the chips and the database have to show at the end. */
  readonly job: string;
  readonly chips: readonly CampaignChip[];
  /** Chips whose last result is PASS and that say, signed, that they are installed. */
  readonly passed: number;
  /**
   * Unit on the disk without a license, looked at while the authority was dead: once a kill between the two.
   */
  readonly unitsWithoutLicenseSeen: number;
}

/** Results by socket of the last run, from its JSON lines. */
function passedSockets(output: string): string[] {
  const events = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { event: string; socket: string; outcome?: string });
  return events.flatMap(({ event, socket, outcome }) =>
    event === 'result' && outcome === 'pass' ? [socket] : [],
  );
}

interface StationRun {
  readonly ending: Ending;
  readonly child: Child;
}

class Scenario {
  readonly #bench: Bench;
  readonly #plan: ScenarioPlan;
  readonly #kills: string[] = [];
  readonly #frozen: string[] = [];
  #runs = 0;
  #folder = '';
  #job = '';

  constructor(bench: Bench, plan: ScenarioPlan) {
    this.#bench = bench;
    this.#plan = plan;
  }

  async run(): Promise<ScenarioOutcome> {
    const { client } = this.#bench;
    const { name, runs } = this.#plan;
    const chips = await this.#bench.makeChips(name, chipsPerScenario);
    const sockets = chips.map(({ socket }) => socket);
    const jobId = await client.openJob(this.#bench.sealed, chipsPerScenario + spareUnits);
    this.#job = toHex(jobId);
    const isLate = runs.some(({ unapproved }) => unapproved);
    if (!isLate) await client.call('approveJob', { job: jobId });
    const { token } = await client.lineToken(jobId);
    const station: StationFile = { authority: this.#bench.host.url, job: this.#job, token, sockets };
    this.#folder = await this.#bench.writeStation(name, station);

    let last: StationRun | undefined;
    for (const run of runs) last = await this.#killedRun(run);
    if (isLate) await client.call('approveJob', { job: jobId });
    // The station may have outlived its authority's death; any other run is followed
    // by one that nobody kills.
    const { ending, child } = last?.ending.code === 0 ? last : await this.#start();
    demand(
      ending.code === 0,
      () => `the command ended with ${ending.signal ?? ending.code}: ${child.output}${child.errors}`,
    );
    const passed = passedSockets(child.output);
    demand(
      sockets.every((socket) => passed.includes(socket)),
      () => `PASS only for ${passed.join(' ')}`,
    );
    for (const chip of chips) await checkChip(this.#bench, chip);
    const { units } = await client.call('showJob', { job: jobId });
    demand(units === chipsPerScenario, () => `${units} units were spent on ${chipsPerScenario} chips`);
    return {
      name,
      kills: this.#kills,
      stationRestarts: this.#runs - 1,
      job: this.#job,
      chips,
      passed: passed.length,
      unitsWithoutLicenseSeen: await this.#lookAtFrozen(),
    };
  }

  /** A run in which the planned kills must happen. */
  async #killedRun({ station, authority }: RunPlan): Promise<StationRun> {
    const { host } = this.#bench;
    const before = this.#plan.forgetful ? this.#bench.freeze() : undefined;
    await host.arm(authority, (arm) => {
      this.#kills.push(arm.point);
      if (before !== undefined) this.#bench.thaw(before);
      if (betweenCommitAndSignature.includes(arm.point)) this.#frozen.push(this.#bench.freeze());
    });
    const run = await this.#start(station);
    const { ending, child } = run;
    const left = await host.settle();
    demand(left.length === 0, () => `the authority was not killed at ${left.map(armText).join(', ')}`);
    if (station === undefined) return run;
    demand(
      ending.signal === 'SIGKILL',
      () => `the station was not killed at ${armText(station)}: ${child.output}${child.errors}`,
    );
    this.#kills.push(station.point);
    return run;
  }

  async #start(arm?: Arm): Promise<StationRun> {
    this.#runs++;
    const child = new Child('./station-process.ts', [this.#folder], arm);
    return { ending: await child.endWithin(runLimitMs), child };
  }

  /** In every frozen database a unit of this job must stand that has no license. */
  async #lookAtFrozen(): Promise<number> {
    for (const folder of this.#frozen) {
      const found = (await this.#bench.readBooks(folder)).jobs.get(this.#job);
      demand(
        found?.units.some(({ unitIndex }) => !found.licensedUnits.has(unitIndex)) === true,
        () => 'a kill between commit and signature left no unit without a license',
      );
      rmSync(folder, { recursive: true });
    }
    return this.#frozen.length;
  }
}

/** Throws Violation with the name of the scenario. */
export async function runScenario(bench: Bench, plan: ScenarioPlan): Promise<ScenarioOutcome> {
  try {
    return await new Scenario(bench, plan).run();
  } catch (cause) {
    const planned = plan.runs
      .flatMap(({ station, authority }) => [...authority, ...(station ? [station] : [])])
      .map(armText)
      .join(', ');
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new Violation(`scenario ${plan.name} (${planned}): ${text}`, { cause });
  }
}
