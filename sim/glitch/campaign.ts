// Runs scenarios with glitches and judges what came of each. A glitch that got something bad accepted is a bypass; bypasses
// are run once more with the agent's own cryptography in machine code, which only those last that are real.

import { NoAnswer } from '../../device/agent/test/line.ts';
import { Checkpoint } from './checkpoint.ts';
import { type Glitch, OutOfTime } from './glitcher.ts';
import { phases, type Scenario } from './scenarios.ts';
import { life, type Target } from './target.ts';

export type Outcome =
  | 'missed'
  | 'refused'
  | 'no answer'
  | 'hung'
  | 'crashed'
  | 'accepted'
  | 'installed'
  | 'booted';

interface Bypass extends Glitch {
  readonly scenario: string;
  readonly function: string;
  readonly outcome: Outcome;
  /** The same with cryptography in machine code. */
  readonly confirmed: Outcome;
}

export interface ScenarioReport {
  readonly name: string;
  /** Addresses of the agent's own code that the attacked request or boot executes. */
  readonly sites: number;
  /** Executions of them. */
  readonly executions: number;
  /** Addresses at which an instruction was left out. */
  readonly sitesHit: ReadonlySet<number>;
  readonly runs: number;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly bypasses: readonly Bypass[];
}

const bad: readonly Outcome[] = ['accepted', 'installed', 'booted'];
/** A run with cryptography at the host's speed, and one without: several times what the longest takes. */
const quickInstructions = { boot: 2_000_000, request: 500_000 } as const;
const slowInstructionsMost = 400_000_000;

export class Campaign {
  readonly #target: Target;
  #starts = 0;
  #checkpoint: { readonly scenario: Scenario; readonly point: Checkpoint } | undefined;

  constructor(target: Target) {
    this.#target = target;
    target.line.chip.onEvent = ({ kind }) => {
      if (kind === 'started') this.#starts++;
    };
  }

  functionAt(address: number): string {
    const { own } = this.#target.code;
    return own.find(({ start, end }) => address >= start && address < end)?.name ?? '?';
  }

  /** Glitches that a scenario offers: each address at its first and its last execution, one instruction and two. */
  glitchesOf(scenario: Scenario): { glitches: Glitch[]; sites: number; executions: number } {
    const outcome = this.#run(scenario, undefined);
    if (outcome !== 'refused') throw new Error(`${scenario.name}: ${outcome} without a glitch`);
    const { executed } = this.#target.glitcher;
    const glitches = [...executed].flatMap(([address, count]) =>
      (count > 1 ? [1, count] : [1]).flatMap((occurrence) =>
        ([1, 2] as const).map((length) => ({ address, occurrence, length })),
      ),
    );
    return {
      glitches,
      sites: executed.size,
      executions: [...executed.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  /** Runs the glitches that `take` chooses, in the order of first execution's address. */
  attack(scenario: Scenario, take: (glitch: Glitch) => boolean): ScenarioReport {
    const { glitches, sites, executions } = this.glitchesOf(scenario);
    const outcomes = new Map<Outcome, number>();
    const sitesHit = new Set<number>();
    const bypasses: Bypass[] = [];
    let runs = 0;
    for (const glitch of glitches) {
      if (!take(glitch)) continue;
      const outcome = this.#run(scenario, glitch);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === 'missed') continue;
      runs++;
      sitesHit.add(glitch.address);
      if (bad.includes(outcome))
        bypasses.push({
          ...{ ...glitch, outcome, scenario: scenario.name, function: this.functionAt(glitch.address) },
          confirmed: this.confirm(scenario, glitch),
        });
    }
    return { name: scenario.name, sites, executions, sitesHit, runs, outcomes, bypasses };
  }

  /** What comes of a scenario that nothing hits. */
  outcomeOf(scenario: Scenario): Outcome {
    return this.#run(scenario, undefined);
  }

  /** The attacked request or boot with the agent's cryptography in machine code. */
  confirm(scenario: Scenario, glitch: Glitch | undefined): Outcome {
    this.#checkpoint = undefined;
    try {
      return this.#run(scenario, glitch, slowInstructionsMost);
    } finally {
      this.#checkpoint = undefined;
    }
  }

  #goTo(scenario: Scenario): void {
    this.#target.renewLine();
    const { line, ramBytes } = this.#target;
    if (scenario.request && this.#checkpoint?.scenario === scenario && this.#checkpoint.point.restore())
      return;
    line.chip.judge.restore(scenario.from, { seed: 'glitch' });
    if (scenario.request === undefined) return;
    line.chip.powerOn();
    for (const { type, body } of scenario.before) line.request(type, body);
    const point = new Checkpoint(line.chip, ramBytes, () => this.#starts);
    this.#checkpoint = { scenario, point };
  }

  #run(scenario: Scenario, glitch: Glitch | undefined, slowInstructions?: number): Outcome {
    const { glitcher, line } = this.#target;
    this.#goTo(scenario);
    glitcher.quick = slowInstructions === undefined;
    glitcher.limit(slowInstructions ?? quickInstructions[scenario.request ? 'request' : 'boot']);
    glitcher.arm(glitch);
    let answer: Outcome;
    try {
      if (scenario.request) answer = this.#answer(scenario);
      else {
        line.chip.powerOn();
        answer = glitcher.booted ? 'booted' : 'refused';
      }
    } catch (error) {
      if (glitcher.booted) answer = 'booted';
      else if (error instanceof OutOfTime) answer = 'hung';
      else answer = 'crashed';
    }
    const skipped = glitcher.disarm();
    glitcher.quick = true;
    // Loops that wait for the clock turn more or less often: a last execution may not come.
    if (glitch && skipped === 0) {
      glitcher.limit();
      this.#checkpoint = undefined;
      return 'missed';
    }
    if (scenario.request && !bad.includes(answer) && this.#advanced(scenario)) answer = 'accepted';
    glitcher.limit(quickInstructions.boot);
    const outcome = answer === 'accepted' ? this.#goOn(scenario) : answer;
    glitcher.limit();
    return outcome;
  }

  #answer({ request, refusal }: Scenario): Outcome {
    try {
      const { status } = this.#target.line.try(request!.type, request!.body);
      if (status === 0) return 'accepted';
      if (this.#target.glitcher.disarm() === 0 && status !== refusal)
        throw new Error(`refused as ${status}, not as ${refusal}`);
      return 'refused';
    } catch (error) {
      if (error instanceof NoAnswer) return 'no answer';
      throw error;
    }
  }

  /** Whatever was answered: the session is where only an accepted request leads. */
  #advanced({ request }: Scenario): boolean {
    const target = this.#target;
    if (!target.line.chip.running) return false;
    const phase = target.word('fs_session');
    if (request!.type === 0x20) return phase === phases.package || phase === phases.records;
    if (request!.type === 0x21) return phase === phases.records;
    return phase === phases.done || target.word('fs_now', 8) === life.installed;
  }

  /** Something bad was accepted: does the install get to its end with what follows? */
  #goOn(scenario: Scenario): Outcome {
    const { line } = this.#target;
    try {
      for (const { type, body } of scenario.after) if (line.try(type, body).status !== 0) return 'accepted';
      if (scenario.after.length > 0 && this.#target.word('fs_session') === phases.done) return 'installed';
    } catch {
      // hung or crashed on the way
    }
    return 'accepted';
  }
}
