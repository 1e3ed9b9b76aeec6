// How a run with a glitch came out: judged by the answer, by the session that it led to,
// and by what the agent does next.

import { answerBit, FrameReader, requestTypes } from '@firmseal/link';
import { NoAnswer } from '../../device/agent/test/line.ts';
import type { End } from './glitch.ts';
import type { Scenario } from './scenario.ts';
import type { Target } from './target.ts';

export type Outcome =
  | ('refused' | 'no answer' | 'hung' | 'crashed')
  | ('accepted' | 'installed' | 'booted' | 'leaked');

export const isBad = (outcome: Outcome): boolean =>
  ['accepted', 'installed', 'booted', 'leaked'].includes(outcome);

export class Judge {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Outcome of a forked run, while the processor still stands where the run ended. */
  ofFork(scenario: Scenario, end: End): Outcome {
    if (scenario.leaks?.(this.#target)) return 'leaked';
    if (end === 'booted') return this.ofBoot(scenario);
    if (end === 'programs')
      return this.#target.glitcher.planned === scenario.programs ? 'refused' : 'accepted';
    if (scenario.request !== undefined) {
      if (this.isAdvanced(scenario)) return 'accepted';
      const status = this.#statusSent(scenario.request.type);
      if (status === 0 && !scenario.statusIsNothing) return 'accepted';
      if (status !== undefined) return 'refused';
    }
    if (end === 'waits') return scenario.request === undefined ? 'refused' : 'no answer';
    return end === 'reset' ? 'crashed' : end;
  }

  #statusSent(type: number): number | undefined {
    let status: number | undefined;
    new FrameReader().push(Uint8Array.from(this.#target.glitcher.sent), (frame) => {
      if (frame.type === (type | answerBit)) status = frame.body[0]! | (frame.body[1]! << 8);
    });
    return status;
  }

  /** Whatever the answer was: the session is where only an accepted request leads. */
  isAdvanced({ request, from: _, ...scenario }: Scenario): boolean {
    if (scenario.isBad !== undefined) return scenario.isBad(this.#target);
    const phase = this.#target.phase();
    if (request!.type === requestTypes.package) return phase === 'package' || phase === 'records';
    if (request!.type === requestTypes.license) return phase === 'records';
    if (request!.type === requestTypes.record) return phase === 'done' || this.#target.saysInstalled();
    return false;
  }

  #follow({ after }: Pick<Scenario, 'after'>): void {
    try {
      for (const { type, body } of after) this.#target.line.try(type, body);
    } catch {
      // It hung or crashed on the way: the journal shows the outcome.
    }
  }

  /**
   * A good request was taken in another way: whether that leads to no install, or to the
   * same one as without a glitch.
   */
  #goodEnd({ after, endsIn, stateOf = (now) => now.state() }: Scenario): boolean {
    this.#follow({ after });
    return !this.#target.saysInstalled() || stateOf(this.#target) === endsIn;
  }

  /** Outcome of a run that ended in a boot, or in none. */
  ofBoot({ bootsWell }: Scenario): Outcome {
    const { bootedAt } = this.#target.glitcher;
    return bootedAt === undefined || bootsWell?.(this.#target, bootedAt) ? 'refused' : 'booted';
  }

  /** Sends the attacked request. Throws when it is refused for another reason than without a glitch. */
  ofAnswer({ request, refusal, statusIsNothing }: Scenario): Outcome {
    try {
      const { status } = this.#target.line.try(request!.type, request!.body);
      if (status === 0) return statusIsNothing ? 'refused' : 'accepted';
      if (this.#target.glitcher.disarm() === 0 && status !== refusal)
        throw new Error(`refused as ${status}, not as ${refusal}`);
      return 'refused';
    } catch (error) {
      if (error instanceof NoAnswer) return 'no answer';
      throw error;
    }
  }

  /**
   * Something bad was accepted: whether the good requests that follow complete the
   * install, and with which result.
   */
  goOn(scenario: Scenario): Outcome {
    const { line } = this.#target;
    if (scenario.endsIn !== undefined) return this.#goodEnd(scenario) ? 'refused' : 'installed';
    if (scenario.endsBad !== undefined) {
      this.#follow(scenario);
      return scenario.endsBad(this.#target) ? 'booted' : 'refused';
    }
    try {
      for (const { type, body } of scenario.after) if (line.try(type, body).status !== 0) return 'accepted';
      if (scenario.after.length > 0 && this.#target.phase() === 'done') return 'installed';
    } catch {
      // It hung or crashed on the way.
    }
    return 'accepted';
  }
}
