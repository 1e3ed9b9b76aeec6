// Power cuts in a scenario: before, in the middle of and after chosen operations of flash and option bytes, and once more
// while the chip recovers from the first: in its boot, and in the license with which an interrupted install goes on.
// Every cut that was planned must happen. Whoever starts it chooses the operations.

import { type ChipSnapshot, type CutMoment, type Operation, SeededRandom } from '@firmseal/virtual-stm32';
import { NoAnswer, Refused } from '../../device/agent/test/line.ts';
import { enterAgent } from './bench.ts';
import { PowerJudge, stateOf } from './judge.ts';
import type { Scenario } from './scenarios.ts';

export interface CutPoint extends Operation {
  readonly phase: string;
  /** Of a run of program operations, without a gap in address, the first or the last. */
  readonly edge: boolean;
  /** Whether it belongs to the journal or the identity. */
  readonly bookkeeping: boolean;
}

export interface CutChoice {
  readonly moments: readonly CutMoment[];
  /** Of second cuts. Before an operation is the state after the one ahead, or after the first cut. */
  readonly secondMoments: readonly CutMoment[];
  readonly first: (point: CutPoint) => boolean;
  /** While the chip boots after a first cut: in a recovery whose operations were not met yet. */
  readonly second: (point: CutPoint) => boolean;
  /** The same, when a first cut elsewhere led to the same operations at the same addresses. */
  readonly secondAlike: (point: CutPoint) => boolean;
  /** While an interrupted install goes on after a first cut. */
  readonly resume: (point: CutPoint) => boolean;
}

export interface PowerReport {
  /** Cuts by the phase and kind of the operation. */
  readonly tried: Map<string, number>;
  planned: number;
  fired: number;
  double: number;
  states: number;
  readonly violations: string[];
}

const moments: readonly CutMoment[] = ['before', 'torn', 'after'];
/** Of recoveries alike and of resumed licenses a share by the seed: they are many, and much the same. */
export function everyOperation(seed: string): CutChoice {
  const random = new SeededRandom(`cuts ${seed}`);
  return {
    moments,
    secondMoments: ['torn', 'after'],
    first: () => true,
    second: () => true,
    secondAlike: () => random.below(32) === 0,
    resume: () => random.below(16) === 0,
  };
}

/** Erases, option bytes and edges always; of the rest a share, by a seed. */
export function sampled(seed: string, share: { first: number; second: number }): CutChoice {
  const random = new SeededRandom(`cuts ${seed}`);
  const chosen = (part: number) => random.below(2 ** 16) < part * 2 ** 16;
  return {
    moments,
    secondMoments: moments,
    first: (point) => point.kind !== 'program' || point.edge || chosen(share.first),
    second: (point) => (point.kind === 'program' ? chosen(share.second) : chosen(0.25)),
    secondAlike: () => chosen(share.second),
    resume: () => chosen(share.second),
  };
}

export class PowerCampaign {
  readonly #scenario: Scenario;
  readonly #judge: PowerJudge;
  /** States ahead of a recovery, and recoveries by their operations, that were cut again. */
  readonly #recovered = new Set<string>();
  readonly #paths = new Set<string>();
  readonly report: PowerReport = {
    ...{ tried: new Map(), planned: 0, fired: 0, double: 0, states: 0, violations: [] },
  };

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#judge = new PowerJudge(scenario);
  }

  async run(choice: CutChoice): Promise<PowerReport> {
    const { steps, line } = this.#scenario;
    for (const { name, send } of steps) {
      const before = line.chip.judge.snapshot();
      const points = this.#watch(name, send);
      const after = line.chip.judge.snapshot();
      for (const point of points.filter(choice.first))
        for (const moment of choice.moments) await this.#cut({ before, point, moment, send }, choice);
      line.chip.judge.restore(after);
    }
    this.report.states = this.#judge.states;
    return this.report;
  }

  /** The operations of an action that nothing interrupts. */
  #watch(phase: string, action: () => void): CutPoint[] {
    const { power, chip } = this.#scenario.line.chip;
    const seen: Operation[] = [];
    power.onOperation = (operation) => seen.push(operation);
    try {
      action();
    } finally {
      power.onOperation = undefined;
    }
    const { journal, identity } = chip.layout;
    const books = [
      ...journal.flatMap(({ eraseUnits }) => eraseUnits),
      { ...identity, sizeBytes: identity.length },
    ];
    const follows = (a: Operation | undefined, b: Operation | undefined) =>
      a?.kind === 'program' && b?.kind === 'program' && a.address + a.length === b.address;
    return seen.map((one, i) => ({
      ...{ ...one, phase },
      edge: !follows(seen[i - 1], one) || !follows(one, seen[i + 1]),
      bookkeeping: books.some(
        ({ addressStart, sizeBytes }) =>
          one.address >= addressStart && one.address < addressStart + sizeBytes,
      ),
    }));
  }

  /** Does it and has power cut at one operation; whether the cut happened. The chip has no power afterwards. */
  #suffer(point: CutPoint, moment: CutMoment, action: () => void): void {
    const { chip } = this.#scenario.line;
    const { report } = this;
    const before = chip.power.fired.length;
    const where =
      point.kind === 'option-bytes' || point.kind === 'mass-erase'
        ? ''
        : point.bookkeeping
          ? ' journal'
          : ' area';
    const name = `${point.phase}:${where} ${point.kind}`;
    chip.power.plan([{ operation: point.number, moment }]);
    report.planned++;
    report.tried.set(name, (report.tried.get(name) ?? 0) + 1);
    try {
      action();
    } catch (error) {
      if (error instanceof Refused)
        this.#violate([`refused: ${error.code}`], `${name} ${point.number} ${moment}`);
      else if (!(error instanceof NoAnswer)) throw error;
    }
    report.fired += chip.power.fired.length - before;
    if (chip.powered) this.#violate(['the cut did not happen'], `${name} ${point.number} ${moment}`);
  }

  #violate(wrong: readonly string[], where: string): void {
    const { name, options } = this.#scenario;
    for (const what of wrong)
      this.report.violations.push(`${options.chipId} ${options.interruption} ${name}, ${where}: ${what}`);
  }

  async #cut(
    run: { before: ChipSnapshot; point: CutPoint; moment: CutMoment; send: () => void },
    choice: CutChoice,
  ): Promise<void> {
    const { chip } = this.#scenario.line;
    const { before, point, moment, send } = run;
    const where = `${point.phase} ${point.kind} ${point.number} ${moment}`;
    chip.judge.restore(before, { seed: where });
    this.#suffer(point, moment, send);
    const state = stateOf(this.#scenario.line);
    const dark = chip.judge.snapshot();
    const points = this.#watch('recovery', () => chip.powerOn());
    this.#violate(await this.#judge.judge(), where);
    if (this.#recovered.has(state)) return;
    this.#recovered.add(state);
    const light = chip.judge.snapshot();
    const path = points.map(({ kind, address }) => `${kind} ${address}`).join();
    const chosen = points.filter(this.#paths.has(path) ? choice.secondAlike : choice.second);
    this.#paths.add(path);
    await this.#cutAgain({ from: dark, points: chosen, action: () => chip.powerOn(), where }, choice);
    await this.#cutResume(light, where, choice);
  }

  async #cutAgain(
    run: { from: ChipSnapshot; points: readonly CutPoint[]; action: () => void; where: string },
    choice: CutChoice,
  ): Promise<void> {
    const { chip } = this.#scenario.line;
    for (const point of run.points)
      for (const moment of choice.secondMoments) {
        const where = `${run.where}, then ${point.phase} ${point.kind} ${point.number} ${moment}`;
        chip.judge.restore(run.from, { seed: where });
        this.#suffer(point, moment, run.action);
        this.report.double++;
        chip.powerOn();
        this.#violate(await this.#judge.judge(), where);
      }
  }

  /** Where the install goes on: the same package and license again, cut at what the second choice takes. */
  async #cutResume(light: ChipSnapshot, where: string, choice: CutChoice): Promise<void> {
    const { line, firmwares, steps } = this.#scenario;
    if (firmwares.length === 0) return;
    line.chip.judge.restore(light);
    if (line.chip.bootedApplication !== undefined) return;
    enterAgent(line);
    const action = steps[1]!.send;
    let from: ChipSnapshot;
    let points: CutPoint[];
    try {
      steps[0]!.send();
      from = line.chip.judge.snapshot();
      points = this.#watch('resumed license', action).filter(choice.resume);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#violate([`refused to go on: ${error.code}`], where);
      return;
    }
    await this.#cutAgain({ from, points, action, where }, choice);
  }
}
