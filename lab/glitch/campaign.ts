// Runs scenarios with glitches; outcome.ts judges each. A glitch that makes the agent accept something bad is
// a bypass. Each bypass is run again from the reset, first by itself, then with the agent's cryptography in
// machine code as well. Only a bypass that shows up again counts.

import type { Bytes } from '@firmseal/bytes';
import { NoAnswer } from '../../device/agent/test/line.ts';
import { Checkpoint } from './checkpoint.ts';
import { type Fork, ForksEnd, type Glitch, type LibraryCall, OutOfTime } from './glitch.ts';
import { isBad, Judge, type Outcome } from './outcome.ts';
import type { Scenario } from './scenario.ts';
import { chance, type Target } from './target.ts';
import { type Choice, forksOf, type Reference, reachOf, referenceOf } from './unharmed-run.ts';

interface Bypass extends Glitch {
  readonly scenario: string;
  readonly function: string;
  readonly outcome: Outcome;
  /** Outcome of the same glitch in a run from the reset. */
  readonly again: Outcome;
  /** The same with cryptography in machine code. */
  readonly confirmed?: Outcome;
}

export interface ScenarioReport {
  readonly name: string;
  /** Addresses of the agent's own code that the attacked request or boot executes, and executions of them. */
  readonly addresses: number;
  readonly steps: number;
  /** Addresses at which an instruction was skipped. */
  readonly skippedAt: ReadonlySet<number>;
  readonly skips: Readonly<Record<1 | 2, number>>;
  readonly flips: number;
  /**
   * Glitches whose instruction was not executed as often as in the unharmed run: a loop
   * waited for a shorter time.
   */
  readonly missed: number;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly bypasses: readonly Bypass[];
  /** Glitches that looked like a bypass in a forked run, and had no bad end in the run from the reset. */
  readonly gone: readonly Bypass[];
}

export interface LibraryReport {
  /** Instructions of the call, and how many of them were skipped, one at a time. */
  readonly steps: number;
  readonly skips: number;
  readonly outcomes: ReadonlyMap<Outcome, number>;
}

/** With the agent's cryptography at the host's speed; the anchor hashes at its own: several times that. */
const quickInstructionsMost = 40_000_000;
/**
 * The agent polls the empty link 64 times before the virtual chip lets its host go
 * on; a forked run ends sooner.
 */
const emptyPollsLeft = 60;
const forksAtOnce = 200;
const slowInstructionsMost = 400_000_000;

export class Campaign {
  readonly #target: Target;
  readonly #judge: Judge;
  /** Seed of the chip's chance in each run. */
  chance = chance;
  #missed = 0;
  #checkpoint: { readonly scenario: Scenario; readonly point: Checkpoint } | undefined;

  constructor(target: Target) {
    this.#target = target;
    this.#judge = new Judge(target);
  }

  functionAt(address: number): string {
    const { own } = this.#target.code;
    return own.find(({ start, end }) => address >= start && address < end)?.name ?? '?';
  }

  /** The scenario without a glitch. Throws when it does not end in a refusal by itself. */
  referenceOf(scenario: Scenario): Reference {
    return referenceOf(this.#target.glitcher, this.#beginOf(scenario), () => this.#unharmed(scenario));
  }

  #beginOf(scenario: Scenario): number | undefined {
    return scenario.request && this.#target.code.symbols.get('fs_frame_take')!.address & ~1;
  }

  #unharmed(scenario: Scenario): void {
    const outcome = this.#run(scenario, undefined);
    if (outcome !== 'refused') throw new Error(`${scenario.name}: ${outcome} without a glitch`);
  }

  /** Runs the chosen glitches; without a choice all of them. */
  attack(scenario: Scenario, choice: Choice = {}): ScenarioReport {
    const reference = this.referenceOf(scenario);
    let forks = forksOf(reference, this.#target.code, choice);
    const outcomes = new Map<Outcome, number>();
    const skippedAt = new Set<number>();
    const skips = { 1: 0, 2: 0 };
    let flips = 0;
    const found: { glitch: Glitch; outcome: Outcome }[] = [];
    const note = (glitch: Glitch, outcome: Outcome) => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (glitch.length === 0) flips++;
      else {
        skips[glitch.length]++;
        skippedAt.add(glitch.address);
      }
      if (isBad(outcome)) found.push({ glitch, outcome });
    };
    const bypassOf = ({ glitch, outcome }: (typeof found)[number]): Bypass => {
      const again = this.#run(scenario, glitch);
      const where = { scenario: scenario.name, function: this.functionAt(glitch.address) };
      if (choice.unconfirmed || !isBad(again)) return { ...glitch, ...where, outcome, again };
      return { ...glitch, ...where, outcome, again, confirmed: this.confirm(scenario, glitch) };
    };
    const all: Bypass[] = [];
    // Where the first bypass ends the attack, glitches run in portions, and bypasses are judged after each.
    const atOnce = choice.untilBypass ? forksAtOnce : Number.POSITIVE_INFINITY;
    this.#missed = 0;
    while (forks.length > 0) {
      const left = this.#runForks(scenario, forks.slice(0, atOnce), reference, note);
      forks = [...left, ...forks.slice(atOnce)];
      if (!choice.untilBypass) continue;
      all.push(...found.splice(0).map(bypassOf));
      if (all.some(({ again }) => isBad(again))) break;
    }
    all.push(...found.map(bypassOf));
    const bypasses = all.filter(({ again, confirmed = again }) => isBad(again) && isBad(confirmed));
    const gone = all.filter((one) => !bypasses.includes(one));
    const { seen, steps } = reference;
    return {
      name: scenario.name,
      addresses: seen.size,
      steps,
      skippedAt,
      skips,
      flips,
      missed: this.#missed,
      outcomes,
      bypasses,
      gone,
    };
  }

  /** The addresses at which an attack of the scenario skips instructions, by one run without a glitch. */
  reach(scenario: Scenario): ReadonlySet<number> {
    const begin = this.#beginOf(scenario);
    return reachOf(this.#target.glitcher, begin, () => this.#unharmed(scenario));
  }

  /** Outcome of a scenario without a glitch. */
  outcomeOf(scenario: Scenario): Outcome {
    return this.#run(scenario, undefined);
  }

  /** The attacked request or boot with the agent's cryptography in machine code. */
  confirm(scenario: Scenario, glitch: Glitch | undefined): Outcome {
    try {
      return this.#run(scenario, glitch, slowInstructionsMost);
    } finally {
      this.#checkpoint = undefined;
    }
  }

  #goTo(scenario: Scenario): void {
    this.#target.renewLine();
    const { line, ramBytes } = this.#target;
    this.#target.glitcher.limit();
    if (scenario.request && this.#checkpoint?.scenario === scenario && this.#checkpoint.point.restore())
      return;
    line.chip.judge.restore(scenario.from, { seed: this.chance });
    if (scenario.request === undefined && scenario.before.length === 0) return;
    line.chip.powerOn();
    for (const one of scenario.before)
      if (typeof one === 'function') one(this.#target);
      else line.try(one.type, one.body);
    if (scenario.request) this.#checkpoint = { scenario, point: new Checkpoint(line.chip, ramBytes) };
  }

  /**
   * Skips instructions inside one call of the cryptography, which runs as machine code while the host
   * computes all other calls. `sample` chooses among the instructions of the call, in ascending order.
   */
  attackLibrary(
    scenario: Scenario,
    library: LibraryCall,
    sample: (addresses: Uint32Array) => readonly number[],
    note: (step: number, outcome: Outcome) => void = () => {},
  ): LibraryReport {
    const reference = this.referenceOf(scenario);
    const { glitcher } = this.#target;
    const outcomes = new Map<Outcome, number>();
    let steps: number | undefined;
    let forks: Fork[] = [];
    let addresses = new Uint32Array(1 << 20);
    glitcher.libraryTrace = (pc, step) => {
      if (step === addresses.length) {
        const longer = new Uint32Array(2 * step);
        longer.set(addresses);
        addresses = longer;
      }
      addresses[step] = pc;
    };
    // One run to count the instructions: its only fork comes after the end of the call.
    this.#runForks(
      scenario,
      [{ step: 2 ** 31, glitches: [] }],
      reference,
      () => {},
      library,
      (payload) => {
        steps = glitcher.librarySteps;
        if (payload !== undefined) scenario.answers?.learn(payload);
      },
    );
    glitcher.libraryTrace = undefined;
    if (steps === undefined) throw new Error(`${scenario.name}: no such call`);
    forks = sample(addresses.subarray(0, steps)).map((step) => ({
      step,
      glitches: [{ address: library.address, occurrence: step, length: 1 }],
    }));
    const skips = forks.length;
    while (forks.length > 0)
      forks = this.#runForks(
        ...([scenario, forks, reference] as const),
        (glitch, outcome) => {
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          note(glitch.occurrence, outcome);
        },
        library,
        () => {},
        steps,
      );
    return { steps, skips, outcomes };
  }

  /** One run through the scenario with its forks; gives those that are left when it had to end early. */
  #runForks(
    scenario: Scenario,
    forks: readonly Fork[],
    reference: Reference,
    note: (glitch: Glitch, outcome: Outcome) => void,
    library?: LibraryCall,
    atEnd: (payload: Bytes | undefined) => void = () => {},
    librarySteps = 0,
  ): Fork[] {
    const { glitcher } = this.#target;
    this.#checkpoint = undefined;
    this.#goTo(scenario);
    let done = 0;
    glitcher.arm({
      forks,
      ...(library ? { library } : {}),
      pollsToEnd: reference.polls - emptyPollsLeft,
      instructionsMost: Math.ceil(1.3 * (reference.steps + librarySteps)) + 50_000,
      ended: (glitch, end) => {
        done++;
        note(glitch, this.#judge.ofFork(scenario, end));
      },
    });
    let payload: Bytes | undefined;
    try {
      if (scenario.request)
        ({ payload } = this.#target.line.try(scenario.request.type, scenario.request.body));
      else this.#powerOn(scenario);
    } catch (error) {
      if (!(error instanceof ForksEnd || error instanceof NoAnswer)) throw error;
    }
    atEnd(payload);
    const { fork, glitches } = glitcher.begun;
    const within = forks.slice(0, fork).reduce((sum, one) => sum + one.glitches.length, 0) + glitches;
    glitcher.disarm();
    this.#checkpoint = undefined;
    // The processor itself ended a run (lock-up, reset): that run reported no end.
    if (within > done) note(forks[fork]!.glitches[glitches - 1]!, 'crashed');
    // The execution did not come: a loop waited for a shorter time than in the unharmed run.
    else if (glitcher.strayed && fork > 0) return forks.slice(fork);
    else if (fork < forks.length && glitches === 0) {
      this.#missed += forks[fork]!.glitches.length;
      return forks.slice(fork + 1);
    }
    const [cut, ...rest] = forks.slice(fork);
    if (cut === undefined) return [];
    return [{ ...cut, glitches: cut.glitches.slice(glitches) }, ...rest].filter(
      (one) => one.glitches.length > 0,
    );
  }

  /** A run from the reset, with one glitch or none, to its own end. */
  #run(scenario: Scenario, glitch: Glitch | undefined, slowInstructions?: number): Outcome {
    const { glitcher } = this.#target;
    this.#goTo(scenario);
    const { line } = this.#target;
    glitcher.quick = slowInstructions === undefined;
    glitcher.limit(slowInstructions ?? quickInstructionsMost);
    glitcher.arm(glitch);
    let outcome: Outcome;
    try {
      if (scenario.request) outcome = this.#judge.ofAnswer(scenario);
      else {
        this.#powerOn(scenario);
        outcome = this.#judge.ofBoot(scenario);
      }
    } catch (error) {
      if (glitcher.booted) outcome = this.#judge.ofBoot(scenario);
      else if (error instanceof OutOfTime) outcome = 'hung';
      else if (glitch === undefined) throw error;
      else outcome = 'crashed';
    }
    glitcher.disarm();
    glitcher.quick = true;
    if (scenario.leaks?.(this.#target)) outcome = 'leaked';
    if (glitch !== undefined) this.#checkpoint = undefined; // what it left behind does not come back with RAM
    if (scenario.request && line.chip.running && outcome !== 'booted' && this.#judge.isAdvanced(scenario))
      outcome = 'accepted';
    glitcher.limit(quickInstructionsMost);
    if (outcome === 'accepted') outcome = this.#judge.goOn(scenario);
    if (outcome === 'booted' && scenario.bootEndsBad?.(this.#target) === false) outcome = 'refused';
    glitcher.limit();
    return outcome;
  }

  #powerOn({ before }: Scenario): void {
    if (before.length > 0) this.#target.line.chip.reset();
    else this.#target.line.chip.powerOn();
  }
}
