// One turn of firmware: from what wakes it until it waits again, through resets, hand-overs and the loss of
// power. What unwinds firmware (signals.ts) is thrown and caught here.

import { ChipReset, HandedOver, PowerLost, type ResetCause } from '../chip/signals.ts';

/** Resets in a row without waiting for the link, after which the firmware counts as crashed. */
const resetsInARowMax = 64;

export interface RunActions {
  readonly powered: () => boolean;
  /** Whether a debugger holds the core: bytes wait then. */
  readonly halted: () => boolean;
  /** Bytes for the firmware that is there now. */
  readonly deliver: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly start: (cause: ResetCause) => void;
  readonly startApplication: () => void;
  readonly losePower: () => void;
  readonly crashed: (error: unknown) => void;
}

export class FirmwareRun {
  readonly #actions: RunActions;
  #active = false;
  #pendingReset: ResetCause | undefined;
  #inbox: Uint8Array<ArrayBuffer>[] = [];

  constructor(actions: RunActions) {
    this.#actions = actions;
  }

  /** Whether firmware runs at this moment: what comes from outside then waits for its next gate. */
  get active(): boolean {
    return this.#active;
  }

  /** For the next turn, or for the end of what runs now. */
  queue(bytes: Uint8Array): void {
    this.#inbox.push(new Uint8Array(bytes));
  }

  /** What came first while the firmware ran, taken out: it looks at its line. */
  takeQueued(): Uint8Array<ArrayBuffer> | undefined {
    return this.#actions.halted() ? undefined : this.#inbox.shift();
  }

  dropQueue(): void {
    this.#inbox = [];
  }

  dropReset(): void {
    this.#pendingReset = undefined;
  }

  /** At once, or at the next gate of what runs. */
  reset(cause: ResetCause): void {
    if (this.#active) this.#pendingReset = cause;
    else this.enter(() => this.#actions.start(cause));
  }

  /** Throws what ends the firmware that runs: no power, or a reset that was asked for meanwhile. */
  gate(): void {
    if (!this.#actions.powered()) throw new PowerLost();
    this.throwPendingReset();
  }

  throwPendingReset(): void {
    const cause = this.#pendingReset;
    if (cause === undefined || !this.#active) return;
    this.#pendingReset = undefined;
    throw new ChipReset(cause);
  }

  /** Runs firmware until it waits for the link, through resets and loss of power. */
  enter(first: () => void): void {
    const { losePower, start, startApplication, crashed } = this.#actions;
    let step: (() => void) | undefined = first;
    let resets = 0;
    this.#active = true;
    try {
      while (step !== undefined) {
        const current: () => void = step;
        step = undefined;
        try {
          current();
          this.#drainQueue();
          this.gate();
        } catch (signal) {
          if (signal instanceof PowerLost) losePower();
          else if (signal instanceof HandedOver) step = startApplication;
          else if (!(signal instanceof ChipReset)) crashed(signal);
          else if (++resets > resetsInARowMax)
            crashed(new Error(`the firmware reset itself ${resetsInARowMax} times in a row`));
          else {
            const { resetCause } = signal;
            step = () => start(resetCause);
          }
        }
      }
    } finally {
      this.#active = false;
    }
  }

  #drainQueue(): void {
    while (this.#inbox.length > 0 && !this.#actions.halted()) {
      this.#actions.deliver(this.#inbox.shift()!);
      this.gate();
    }
    this.#inbox = [];
  }
}
