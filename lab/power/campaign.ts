// Power cuts in a scenario: before, in the middle of and after chosen operations of flash and
// option bytes, and once more while the chip recovers from the first: in its boot, and in the
// license with which an interrupted install goes on. Every cut that was planned must happen.
// Whoever starts it chooses the operations.

import { type ChipSnapshot, type CutMoment, type Operation, SeededRandom } from '@firmseal/virtual-stm32';
import { NoAnswer, Refused } from '../../device/agent/test/line.ts';
import { enterAgent, hasBooted } from './bench.ts';
import { booksOf, PowerJudge, stateOf } from './judge.ts';
import { isEdgeOfRun, watchOperations } from './operations.ts';
import type { Scenario } from './scenarios.ts';

export interface CutPoint extends Operation {
  readonly phase: string;
  /** Of a run of program operations, without a gap in address, the first or the last. */
  readonly edge: boolean;
}

interface Cut {
  readonly point: CutPoint;
  readonly moment: CutMoment;
  /** For the report of a violation. */
  readonly where: string;
}

export interface CutChoice {
  readonly moments: readonly CutMoment[];
  /** Of second cuts. */
  readonly secondMoments: readonly CutMoment[];
  readonly first: (point: CutPoint) => boolean;
  /** First cuts whose recovery is cut again. */
  readonly again: (point: CutPoint) => boolean;
  /** Where: while the chip boots, or an interrupted install goes on, from a journal that was not met yet. */
  readonly second: (point: CutPoint, first: CutPoint) => boolean;
  /** First cuts of equal class have the same second cuts. */
  readonly classOf: (first: CutPoint) => string;
}

export type CutOrder = 'first' | 'second';

export interface PowerReport {
  /** Cuts by order, kind of operation and moment: `first program torn`. */
  readonly tried: Map<string, number>;
  planned: number;
  fired: number;
  states: number;
  readonly violations: string[];
}

export const cutMoments: readonly CutMoment[] = ['before', 'torn', 'after'];

/** All single cuts, and all double cuts of recoveries that start from different journals. */
export const everyDoubleCut: CutChoice = {
  ...{ moments: cutMoments, secondMoments: cutMoments },
  first: () => true,
  again: () => true,
  second: () => true,
  classOf: () => 'any',
};

/** Erases, option bytes, and the first and the last program of each run. */
const isEdge = ({ kind, edge }: CutPoint) => kind !== 'program' || edge;

/**
 * All single cuts. Double cuts of two edges (isEdge), of an edge and any operation on the journal in either
 * order; inside runs a share by the seed.
 */
export function everySingleCut(
  seed: string,
  share: number,
  isJournal: (address: number) => boolean = () => false,
): CutChoice {
  const random = new SeededRandom(`cuts ${seed}`);
  const isChosen = (point: CutPoint) => isEdge(point) || random.below(2 ** 16) < share * 2 ** 16;
  return {
    ...{ moments: cutMoments, secondMoments: cutMoments },
    first: () => true,
    again: (point) => isChosen(point) || isJournal(point.address),
    second: (point, first) => isChosen(point) || (isEdge(first) && isJournal(point.address)),
    classOf: (first) => (isEdge(first) ? 'edge' : 'inside'),
  };
}

export class PowerCampaign {
  readonly #scenario: Scenario;
  readonly #judge: PowerJudge;
  /**
   * What is wrong with the chip once power came back, by the state without power: the
   * same state starts alike.
   */
  readonly #outcomes = new Map<string, readonly string[]>();
  /**
   * Journals, identities and option bytes ahead of a recovery, or of a resumed license,
   * that was cut again, and class.
   */
  readonly #recovered = new Set<string>();
  /** States without power, and classes of first cuts. */
  readonly #cutAgainFrom = new Set<string>();
  readonly #resumed = new Set<string>();
  readonly report: PowerReport = {
    ...{ tried: new Map(), planned: 0, fired: 0, states: 0, violations: [] },
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
      for (const point of points.filter(choice.first)) {
        const again = choice.again(point);
        for (const moment of choice.moments) await this.#cut({ before, point, moment, send, again }, choice);
      }
      line.chip.judge.restore(after);
    }
    this.report.states = this.#judge.states;
    return this.report;
  }

  /** The operations of an action that nothing interrupts. */
  #watch(phase: string, action: () => void): CutPoint[] {
    const seen = watchOperations(this.#scenario.line.chip, action);
    return seen.map((one, i) => ({ ...one, phase, edge: isEdgeOfRun(seen, i) }));
  }

  /** Does it and has power cut at one operation. The chip has no power afterwards. */
  #suffer(order: CutOrder, { point, moment, where }: Cut, action: () => void): void {
    const { chip } = this.#scenario.line;
    const { report } = this;
    const before = chip.power.fired.length;
    const name = `${order} ${point.kind} ${moment}`;
    chip.power.plan([{ operation: point.number, moment }]);
    report.planned++;
    report.tried.set(name, (report.tried.get(name) ?? 0) + 1);
    try {
      action();
    } catch (error) {
      if (error instanceof Refused) this.#violate([`refused: ${error.code}`], where);
      else if (!(error instanceof NoAnswer)) throw error;
    }
    report.fired += chip.power.fired.length - before;
    if (chip.powered) this.#violate(['the cut did not happen'], where);
  }

  #violate(wrong: readonly string[], where: string): void {
    const { name, options } = this.#scenario;
    for (const what of wrong)
      this.report.violations.push(`${options.chipId} ${options.interruption} ${name}, ${where}: ${what}`);
  }

  /** What is wrong with the chip after power comes back; undefined when its state was met before. */
  async #judgeNew(
    where: string,
    state = stateOf(this.#scenario.line),
  ): Promise<readonly CutPoint[] | undefined> {
    if (this.#outcomes.has(state)) return undefined;
    const points = this.#watch('recovery', () => this.#scenario.line.chip.powerOn());
    const wrong = await this.#judge.judge();
    this.#outcomes.set(state, wrong);
    this.#violate(wrong, where);
    return points;
  }

  async #cut(
    run: { before: ChipSnapshot; point: CutPoint; moment: CutMoment; send: () => void; again: boolean },
    choice: CutChoice,
  ): Promise<void> {
    const { chip } = this.#scenario.line;
    const { before, point, moment, send } = run;
    const where = `${point.phase} ${point.kind} ${point.number} ${moment}`;
    chip.judge.restore(before, { seed: where });
    this.#suffer('first', { point, moment, where }, send);
    const dark = chip.judge.snapshot();
    const books = booksOf(this.#scenario.line);
    const state = stateOf(this.#scenario.line);
    const found = await this.#judgeNew(where, state);
    const start = `${state} ${choice.classOf(point)}`;
    if (!run.again || this.#cutAgainFrom.has(start)) return;
    this.#cutAgainFrom.add(start);
    const points = found ?? this.#watch('recovery', () => chip.powerOn());
    const light = chip.judge.snapshot();
    const isSecond = (second: CutPoint) => choice.second(second, point);
    const recovery = `${books} ${choice.classOf(point)}`;
    if (!this.#recovered.has(recovery)) {
      this.#recovered.add(recovery);
      const chosen = points.filter(isSecond);
      await this.#cutAgain({ from: dark, points: chosen, action: () => chip.powerOn(), where }, choice);
    }
    await this.#cutResume({ light, where, point }, choice);
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
        this.#suffer('second', { point, moment, where }, run.action);
        await this.#judgeNew(where);
      }
  }

  /** Where the install goes on: the same package and license again, cut at what the choice takes. */
  async #cutResume(
    { light, where, point }: { light: ChipSnapshot; where: string; point: CutPoint },
    choice: CutChoice,
  ): Promise<void> {
    const { line, firmwares, steps } = this.#scenario;
    if (firmwares.length === 0) return;
    line.chip.judge.restore(light);
    if (hasBooted(line)) return;
    const recovery = `${booksOf(line)} ${choice.classOf(point)}`;
    if (this.#resumed.has(recovery)) return;
    this.#resumed.add(recovery);
    enterAgent(line);
    const action = steps[1]!.send;
    let from: ChipSnapshot;
    let points: CutPoint[];
    try {
      steps[0]!.send();
      from = line.chip.judge.snapshot();
      points = this.#watch('resumed license', action).filter((second) => choice.second(second, point));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#violate([`refused to go on: ${error.code}`], where);
      return;
    }
    await this.#cutAgain({ from, points, action, where }, choice);
  }
}
