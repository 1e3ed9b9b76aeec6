// What a line tells: which socket does what, installs as they go, results, alarms, counts. Screen, logs, JSON
// lines, tester ports and reports are all made from these records. Nothing secret is ever in one.

import type { FaultReport, InstallEvent } from '@firmseal/programmer';
import type { BlankStep } from './blank-chips.ts';
import type { Cycle } from './outcome.ts';

/**
 * `empty`: waits for a chip. `ready`: waits for the tester or the operator. `label`: waits for a
 * scanned label. `queued`: waits for its controller or the line. `installing`. `held`: the chip
 * waits for the authority. `done`: the result stands until the chip is taken out. `halted`: takes
 * no chip. `ended`: the line ends.
 */
export const socketStates = [
  ...(['empty', 'ready', 'label', 'queued', 'installing'] as const),
  ...(['held', 'done', 'halted', 'ended'] as const),
] as const;
export type SocketState = (typeof socketStates)[number];

export interface Tally {
  readonly passed: number;
  /** Passed without a failure before. */
  readonly passedFirst: number;
  readonly failed: number;
  readonly refused: number;
}

/** Units or licenses of a package that this line may still use; null where nobody here can tell. */
export interface UnitsLeft {
  readonly package: string;
  readonly left: number | null;
}

export type LineEvent =
  | {
      readonly kind: 'line-socket';
      readonly name: string;
      readonly socketNumber: number;
      readonly place: string;
      readonly package: string;
      readonly state: SocketState;
      readonly time: string;
    }
  | { readonly kind: 'line-install'; readonly name: string; readonly install: InstallEvent }
  | {
      /** A step of the personalization of a blank chip. */
      readonly kind: 'line-personalize';
      readonly name: string;
      readonly step: BlankStep;
      readonly time: string;
    }
  | ({ readonly kind: 'line-cycle' } & Cycle)
  | ({ readonly kind: 'line-tally'; readonly units: readonly UnitsLeft[]; readonly time: string } & Tally)
  | {
      readonly kind: 'line-alarm';
      /** Of a socket; null for the whole line. */
      readonly name: string | null;
      readonly fault: FaultReport;
      readonly raised: boolean;
      readonly time: string;
    };
