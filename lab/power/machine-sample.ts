// A sample of power cuts on the agent's machine code as it ships, on the virtual chip's processor: each kind
// of operation at each moment, in each scenario, chosen by a seed. A chip with a processor gives its state
// only while its power is off, so every run starts at a power-on. The cryptography is computed by the host.

import { type ChipSnapshot, type CutMoment, type Operation, SeededRandom } from '@firmseal/virtual-stm32';
import { NoAnswer, Refused } from '../../device/agent/test/line.ts';
import { hasBooted, holds } from './bench.ts';
import { cutMoments, type PowerReport } from './campaign.ts';
import { judgeNextInstall, judgePersonalization, judgeState } from './judge.ts';
import type { Scenario } from './scenarios.ts';

interface Sample {
  readonly operation: Operation;
  readonly moment: CutMoment;
  /** Whether the recovery from the cut is cut too. */
  readonly again: boolean;
}

export class MachineSample {
  readonly #scenario: Scenario;
  readonly #random: SeededRandom;
  /** Power is off. */
  readonly #from: ChipSnapshot;
  readonly report: PowerReport = {
    ...{ tried: new Map(), planned: 0, fired: 0, states: 0, violations: [] },
  };

  constructor(scenario: Scenario, seed: string) {
    this.#scenario = scenario;
    this.#random = new SeededRandom(`machine sample ${seed}`);
    const { chip } = scenario.line;
    chip.powerOff();
    this.#from = chip.judge.snapshot();
  }

  /** Cuts each kind of operation at each of the moments, `each` times. */
  async run(each: number, moments: readonly CutMoment[] = cutMoments): Promise<PowerReport> {
    const { chip } = this.#scenario.line;
    chip.judge.restore(this.#from);
    const operations = await this.#watch(() => this.#send());
    for (const kind of ['program', 'erase', 'option-bytes'] as const) {
      const some = operations.filter((one) => one.kind === kind);
      for (const moment of some.length > 0 ? moments : [])
        for (let i = 0; i < each; i++) {
          const operation = some[this.#random.below(some.length)]!;
          await this.#try({ operation, moment, again: i === 0 });
        }
    }
    return this.report;
  }

  /** All messages of the scenario, from power-on. */
  async #send(): Promise<void> {
    const { line, steps, firmwares } = this.#scenario;
    line.chip.setPin('agent-request', true);
    line.chip.powerOn();
    line.chip.setPin('agent-request', false);
    // The keys of a personalization are lost with power: it begins again.
    if (firmwares.length === 0) await line.personalize(1);
    else for (const { send } of steps) send();
  }

  async #watch(action: () => Promise<void> | void): Promise<Operation[]> {
    const { power } = this.#scenario.line.chip;
    const seen: Operation[] = [];
    power.onOperation = (operation) => seen.push(operation);
    try {
      await action();
    } finally {
      power.onOperation = undefined;
    }
    return seen;
  }

  async #suffer(order: string, { operation, moment }: Sample, action: () => Promise<void> | void) {
    const { chip } = this.#scenario.line;
    const name = `${order} ${operation.kind} ${moment}`;
    const before = chip.power.fired.length;
    chip.power.plan([{ operation: operation.number, moment }]);
    this.report.planned++;
    this.report.tried.set(name, (this.report.tried.get(name) ?? 0) + 1);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof NoAnswer || error instanceof Refused)) throw error;
    }
    this.report.fired += chip.power.fired.length - before;
    if (chip.powered) this.#violate('the cut did not happen', name);
  }

  #violate(what: string, where: string): void {
    const { name, options } = this.#scenario;
    this.report.violations.push(`${options.chipId} ${name}, ${where}: ${what}`);
  }

  async #try(sample: Sample): Promise<void> {
    const { chip } = this.#scenario.line;
    const where = `${sample.operation.kind} ${sample.operation.number} ${sample.moment}`;
    chip.judge.restore(this.#from, { seed: where });
    await this.#suffer('first', sample, () => this.#send());
    const dark = chip.judge.snapshot();
    const recovery = await this.#watch(() => chip.powerOn());
    await this.#judge(where);
    if (!sample.again || recovery.length === 0) return;
    const operation = recovery[this.#random.below(recovery.length)]!;
    const moment = cutMoments[this.#random.below(cutMoments.length)]!;
    chip.powerOff();
    chip.judge.restore(dark, { seed: `${where}, again` });
    await this.#suffer('second', { operation, moment, again: false }, () => chip.powerOn());
    chip.powerOn();
    await this.#judge(`${where}, then ${operation.kind} ${operation.number} ${moment}`);
  }

  /** Of the chip, which has power: what PowerJudge asks, without the thief with a debugger. */
  async #judge(where: string): Promise<void> {
    const scenario = this.#scenario;
    const { line, firmwares } = scenario;
    const booted = hasBooted(line);
    this.report.states++;
    if (booted && !firmwares.some((one) => holds(line, one)))
      this.#violate('boots a firmware that is not whole', where);
    try {
      const wrong =
        firmwares.length === 0
          ? await judgePersonalization(scenario)
          : [...judgeState(scenario, booted), ...judgeNextInstall(scenario)];
      for (const what of wrong) this.#violate(what, where);
    } catch (error) {
      if (error instanceof Refused) this.#violate(`refused: ${error.code}`, where);
      else if (error instanceof NoAnswer) this.#violate('no answer', where);
      else throw error;
    }
    line.chip.powerOff();
  }
}
