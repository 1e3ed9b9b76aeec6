// Power, and the plan of when it fails. Every change of non-volatile memory (program of one write unit, erase
// of one unit, mass erase, program of option bytes) is one operation, counted from 1; a cut hits one of them
// before it starts, in its middle (torn) or right after it ended. What a torn operation leaves is tearing.ts.
// The voltage while it is on, and what a low one does, is supply-rail.ts.

import { PowerLost } from '../chip/signals.ts';
import type { SupplyRail } from './supply-rail.ts';

export type OperationKind = 'program' | 'erase' | 'mass-erase' | 'option-bytes';

export interface Operation {
  /** From 1, over the life of the chip. */
  readonly number: number;
  readonly kind: OperationKind;
  /** First byte concerned; 0 for option bytes. */
  readonly address: number;
  readonly length: number;
}

export type CutMoment = 'before' | 'torn' | 'after';

export interface PowerCut {
  /** Number of the operation that it hits. */
  readonly operation: number;
  readonly moment: CutMoment;
}

export interface OperationBody {
  readonly kind: OperationKind;
  readonly address: number;
  readonly length: number;
  /** Does it all. */
  complete(): void;
  /** Begins it, where it lasts: `complete` or `tear` comes later from elsewhere. */
  begin?(): void;
  /** Does a part of it. */
  tear(): void;
}

/** What a test or an attacker sees of the supply; switching is the chip's. */
export type PowerPlan = Pick<
  PowerSupply,
  'on' | 'operations' | 'fired' | 'pending' | 'plan' | 'onOperation' | 'rail'
>;

export interface SavedSupply {
  readonly on: boolean;
  readonly operations: number;
  readonly fired: readonly PowerCut[];
}

export class PowerSupply {
  readonly rail: SupplyRail;
  #on = false;
  #operations = 0;
  #cuts: PowerCut[] = [];
  #nextCut = Number.POSITIVE_INFINITY;
  #fired: PowerCut[] = [];
  /** Called as each operation begins, before a cut can hit it; for planning and for attackers who watch. */
  onOperation: ((operation: Operation) => void) | undefined;
  /** Called before an operation is carried out; throws what unwinds the firmware when a reset is due. */
  interrupt: (() => void) | undefined;

  constructor(rail: SupplyRail) {
    this.rail = rail;
  }

  get on(): boolean {
    return this.#on;
  }

  /** Switched on, and not held in reset by a low supply. */
  get bears(): boolean {
    return this.#on && !this.rail.isBrownOut;
  }

  /** Operations begun so far; the next has this number + 1. */
  get operations(): number {
    return this.#operations;
  }

  /** Cuts that have happened, in order. */
  get fired(): readonly PowerCut[] {
    return this.#fired;
  }

  /** Cuts that have not happened. */
  get pending(): readonly PowerCut[] {
    return this.#cuts;
  }

  /** Replaces the plan. RangeError for an operation that has passed already. */
  plan(cuts: readonly PowerCut[]): void {
    for (const { operation } of cuts)
      if (!(operation > this.#operations)) throw new RangeError(`operation ${operation} has passed`);
    this.#cuts = [...cuts].sort((a, b) => a.operation - b.operation);
    this.#nextCut = this.#cuts[0]?.operation ?? Number.POSITIVE_INFINITY;
  }

  save(): SavedSupply {
    return { on: this.#on, operations: this.#operations, fired: [...this.#fired] };
  }

  /** The plan is empty afterwards. */
  restore({ on, operations, fired }: SavedSupply): void {
    this.#on = on;
    this.#operations = operations;
    this.#fired = [...fired];
    this.plan([]);
  }

  /** Operations that an earlier life of the chip began. */
  continueFrom(operations: number): void {
    this.#operations = operations;
  }

  switchOn(): void {
    this.#on = true;
  }

  switchOff(): void {
    this.#on = false;
  }

  /** Runs one operation under the plan. Throws PowerLost when a cut hits it or the supply is off. */
  run(body: OperationBody): void {
    if (!this.bears) throw new PowerLost();
    this.#operations++;
    if (this.onOperation !== undefined) {
      const { kind, address, length } = body;
      this.onOperation({ number: this.#operations, kind, address, length });
      if (!this.#on) throw new PowerLost();
      this.interrupt?.();
    }
    if (this.#operations !== this.#nextCut) {
      if (body.begin === undefined) body.complete();
      else body.begin();
      return;
    }
    const cut = this.#cuts.shift()!;
    this.#nextCut = this.#cuts[0]?.operation ?? Number.POSITIVE_INFINITY;
    this.#fired.push(cut);
    if (cut.moment === 'torn') body.tear();
    if (cut.moment === 'after') body.complete();
    this.#on = false;
    throw new PowerLost();
  }
}
