// One install: runs the states of install-states.ts with their deadlines, counts restarts, and
// ends in a result whatever happens. Kill it at any moment and run it again: journal, authority
// and chip each know how far it was.

import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault, faultRow } from '@firmseal/fault';
import type { EndOfInstall, EventBody, InstallTimes } from './events.ts';
import { asFault, reportFault } from './fault-report.ts';
import type { InstallContext, InstallSettings, StepOutcome, StepTools } from './install-context.ts';
import {
  type FinalState,
  type InstallStateName,
  installStates,
  mayFollow,
  type WorkingState,
} from './install-states.ts';
import { installSteps } from './install-steps.ts';
import { findUnfinished, type JournalBody, thumbprintOfInstall } from './journal.ts';

export type InstallResult =
  | {
      /** `pass`, or the weakness of an install whose receipt was verified. */
      readonly outcome: EndOfInstall;
      readonly socket: string;
      readonly socketNumber: number;
      readonly installId: string;
      readonly times: InstallTimes;
    }
  | {
      readonly outcome: 'fail';
      readonly socket: string;
      readonly socketNumber: number;
      readonly installId: string;
      readonly times: InstallTimes;
      readonly fault: Fault;
    };

/** Never rejects: every fault is in the result. PASS means that the receipt was verified here and stored. */
export function runInstall(settings: InstallSettings): Promise<InstallResult> {
  return new Install(settings).run();
}

/** How often a line is opened again when no agent ever answered on it: a blank chip never will. */
const silentRestartsAtMost = 1;

const isFinal = (state: InstallStateName): state is FinalState => state === 'passed' || state === 'failed';

class Install {
  readonly #settings: InstallSettings;
  readonly #startMs: number;
  readonly #spentMs: Partial<Record<InstallStateName, number>> = {};
  #installId = '';
  /** Of the chip that this run has met. */
  #thumbprint: string | undefined;
  #context: InstallContext = {};
  #state: InstallStateName = 'opening';
  #restarts = 0;
  /** An agent has answered in this run. */
  #heard = false;
  #lastFault: Fault | undefined;

  constructor(settings: InstallSettings) {
    this.#settings = settings;
    this.#startMs = settings.clock.nowMs();
  }

  async run(): Promise<InstallResult> {
    const { journal, socket, sealed, newId } = this.#settings;
    const manifestDigest = toHex(sealed.manifest.digest);
    this.#installId = findUnfinished(journal.entries, socket, manifestDigest) ?? newId();
    try {
      await this.#plan();
      while (!isFinal(this.#state)) await this.#visit(this.#state);
    } catch (error) {
      // The journal could not be written, or the table of states was broken: nothing further is started.
      this.#lastFault = asFault(error);
      this.#state = 'failed';
    }
    await this.#context.client?.close().catch(() => undefined);
    return this.#finish();
  }

  async #plan(): Promise<void> {
    const { manifest } = this.#settings.sealed;
    const manifestDigest = toHex(manifest.digest);
    await this.#record({ kind: 'planned', manifestDigest });
    this.#emit({ kind: 'planned', package: manifestDigest, firmwareVersion: manifest.core.firmwareVersion });
  }

  async #visit(state: WorkingState): Promise<void> {
    const { clock } = this.#settings;
    const enteredMs = clock.nowMs();
    let outcome: StepOutcome;
    try {
      this.#checkLimits();
      if (state === 'restarting') this.#countRestart();
      outcome = await this.#within(state);
    } catch (error) {
      outcome = this.#afterFault(asFault(error));
    }
    this.#spentMs[state] = (this.#spentMs[state] ?? 0) + clock.nowMs() - enteredMs;
    if (!mayFollow(state, outcome.next))
      throw new Fault('internal-error', { detail: `an install went from ${state} to ${outcome.next}` });
    this.#context = outcome.context;
    if (outcome.context.client !== undefined) this.#heard = true;
    this.#state = outcome.next;
    this.#emit({ kind: 'state', from: state, to: outcome.next });
  }

  #checkLimits(): void {
    const { socket, clock, signal, limitMs = 3_600_000 } = this.#settings;
    if (signal?.aborted) throw new Fault('install-stopped', { socket });
    // Once the receipt is stored the install is a PASS, however long it took.
    if (this.#state !== 'closing' && clock.nowMs() - this.#startMs > limitMs)
      throw new Fault('install-deadline-exceeded', { socket, limitMs });
  }

  #countRestart(): void {
    const { socket, mostRestarts = 10 } = this.#settings;
    const fault = this.#lastFault;
    this.#restarts++;
    const silent = !this.#heard && fault?.code === 'link-timeout';
    if (silent && this.#restarts > silentRestartsAtMost)
      throw new Fault('chip-silent', { socket, attempts: this.#restarts }, { cause: fault });
    if (this.#restarts > mostRestarts) {
      const code = fault?.code ?? 'none: the chip reset itself each time';
      throw new Fault(
        'install-restarts-exhausted',
        { socket, restarts: mostRestarts, code },
        { cause: fault },
      );
    }
    this.#emit({
      kind: 'restart',
      restarts: this.#restarts,
      fault: fault === undefined ? null : reportFault(fault),
    });
    this.#lastFault = undefined;
  }

  /** Runs a step against its deadline and the operator's stop; a step that loses can do nothing any more. */
  #within(state: WorkingState): Promise<StepOutcome> {
    const { clock, signal, socket, deadlinesMs } = this.#settings;
    const limitMs = deadlinesMs?.[state] ?? installStates[state].deadlineMs;
    const context = this.#context;
    const life = { over: false };
    return new Promise((resolve, reject) => {
      const finish = (act: () => void) => {
        if (life.over) return;
        life.over = true;
        cancel();
        signal?.removeEventListener('abort', stop);
        act();
      };
      const giveUp = (fault: Fault) => {
        finish(() => {
          // Ends the requests that the step still waits for.
          context.client?.close().catch(() => undefined);
          reject(fault);
        });
      };
      const stop = () => giveUp(new Fault('install-stopped', { socket }));
      const cancel = clock.after(limitMs, () =>
        giveUp(new Fault('step-timeout', { step: state, socket, limitMs })),
      );
      signal?.addEventListener('abort', stop);
      installSteps[state](context, this.#tools(life)).then(
        (outcome) => {
          // A connection that was opened too late has no owner.
          if (life.over && outcome.context.client !== context.client)
            outcome.context.client?.close().catch(() => undefined);
          finish(() => resolve(outcome));
        },
        (error) => finish(() => reject(error)),
      );
    });
  }

  #tools(life: { over: boolean }): StepTools {
    const alive = () => {
      if (life.over) throw new Fault('install-stopped', { socket: this.#settings.socket });
    };
    return {
      settings: this.#settings,
      emit: (body) => {
        if (!life.over) this.#emit(body);
      },
      record: async (body) => {
        alive();
        await this.#record(body);
        alive();
      },
      meet: async (thumbprint) => {
        alive();
        await this.#meet(thumbprint);
      },
    };
  }

  /**
   * Ties the install to the chip: the one that it met before, or, after a restart of the program, remembers.
   */
  async #meet(thumbprint: Bytes): Promise<void> {
    const { journal, socket, newId, claimDevice } = this.#settings;
    const met = toHex(thumbprint);
    const other = claimDevice?.(met, socket);
    if (other !== undefined) throw new Fault('chip-met-twice', { socket, other, thumbprint: met });
    if (this.#thumbprint !== undefined && this.#thumbprint !== met)
      throw new Fault('chip-changed', { socket });
    const remembered = thumbprintOfInstall(journal.entries, this.#installId);
    const isFirst = this.#thumbprint === undefined;
    this.#thumbprint = met;
    if (!isFirst || remembered === undefined || remembered === met) return;
    this.#installId = newId();
    await this.#plan();
  }

  #afterFault(fault: Fault): StepOutcome {
    // The receipt is stored: whatever ends the last courtesies, the install is a PASS.
    if (this.#state === 'closing') return { next: 'passed', context: this.#context };
    // Restarts are counted, so that no retry goes on for ever.
    const retry = this.#state === 'restarting' ? 'fail' : faultRow(fault.code).retry;
    this.#lastFault = fault;
    if (retry === 'fail') return { next: 'failed', context: this.#context };
    const context = retry === 'relicense' ? { ...this.#context, license: undefined } : this.#context;
    return { next: 'restarting', context };
  }

  async #finish(): Promise<InstallResult> {
    const { socket, socketNumber } = this.#settings;
    const times = this.#times();
    const head = { socket, socketNumber, installId: this.#installId, times };
    if (this.#state === 'passed') {
      const named = this.#context.receipt?.outcome;
      if (named === undefined)
        throw new Fault('internal-error', { detail: 'an install passed without a receipt' });
      const outcome = named.toLowerCase() as EndOfInstall;
      this.#emit({ kind: 'result', outcome, times });
      return { outcome, ...head };
    }
    const fault =
      this.#lastFault ?? new Fault('internal-error', { detail: 'an install failed for no reason' });
    // A line that says why, if the journal still takes one; the result does not depend on it.
    await this.#record({ kind: 'failed', code: fault.code }).catch(() => undefined);
    this.#emit({ kind: 'result', outcome: 'fail', times, fault: reportFault(fault) });
    return { outcome: 'fail', ...head, fault };
  }

  #times(): InstallTimes {
    const spent = (state: InstallStateName) => this.#spentMs[state] ?? 0;
    return {
      totalMs: this.#settings.clock.nowMs() - this.#startMs,
      eraseMs: spent('license'),
      programMs: spent('records'),
      verifyMs: spent('receipt') + spent('storing'),
    };
  }

  #record(body: JournalBody): Promise<void> {
    const { journal, socket, now } = this.#settings;
    return journal.append({ ...body, socket, installId: this.#installId, time: now().toISOString() });
  }

  #emit(body: EventBody): void {
    const { socket, socketNumber, now, onEvent } = this.#settings;
    onEvent({ socket, socketNumber, installId: this.#installId, time: now().toISOString(), ...body });
  }
}
