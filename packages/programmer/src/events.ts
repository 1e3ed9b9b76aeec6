// Everything that an install tells the world, as one typed union: progress bars, plain lines, JSON lines and
// result lines are all made from these records. Nothing secret is ever in one.

import type { LifeCycle } from '@firmseal/agent-client';
import type { FaultCode } from '@firmseal/fault';
import type { Outcome } from '@firmseal/license';
import type { InstallStateName } from './install-states.ts';
import type { ReceiptKeeper } from './line-authority.ts';

export interface InstallTimes {
  readonly totalMs: number;
  /** From the license to the agent's answer that it is ready: unwrap, erase, per-device data. */
  readonly eraseMs: number;
  /** Records, each verified, written and read back. */
  readonly programMs: number;
  /** Receipt: asked for, verified, stored. */
  readonly verifyMs: number;
}

export interface EventHead {
  /** Port path of the socket. */
  readonly socket: string;
  /** From 1, in the order of the command: the number in result lines. */
  readonly socketNumber: number;
  readonly installId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
}

/** How an install ended whose receipt was verified: PASS, or its weakness (spec/receipt.md section 4). */
export type EndOfInstall = Lowercase<Outcome>;

export interface FaultReport {
  readonly code: FaultCode;
  readonly number: number;
  readonly sentence: string;
  readonly remedy: string;
}

export type EventBody =
  | { readonly kind: 'planned'; readonly package: string; readonly firmwareVersion: string }
  | { readonly kind: 'state'; readonly from: InstallStateName; readonly to: InstallStateName }
  | {
      readonly kind: 'chip';
      readonly chipId: string;
      readonly thumbprint: string;
      readonly lifeCycle: LifeCycle;
      readonly readoutLevel: number;
      readonly agentVersion: number;
    }
  | {
      readonly kind: 'licensed';
      readonly licenseId: string;
      readonly unitIndex: number;
      readonly newUnit: boolean | null;
      /** Keyed digests of the per-device data that the license seals, hexadecimal, one an area. */
      readonly deviceDataDigests: readonly string[];
    }
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'restart'; readonly restarts: number; readonly fault: FaultReport | null }
  | {
      readonly kind: 'receipt';
      readonly licenseId: string;
      readonly fresh: boolean;
      readonly outcome: Outcome;
      readonly keptBy: ReceiptKeeper;
      /** The job that the chip was installed under, when it is not the one of this install; else null. */
      readonly otherJob: string | null;
    }
  /** The chip started the agent that it was given: its version before and now. */
  | { readonly kind: 'agent'; readonly before: number; readonly now: number }
  | { readonly kind: 'note'; readonly fault: FaultReport }
  | { readonly kind: 'result'; readonly outcome: EndOfInstall; readonly times: InstallTimes }
  | {
      readonly kind: 'result';
      readonly outcome: 'fail';
      readonly times: InstallTimes;
      readonly fault: FaultReport;
    };

export type InstallEvent = EventHead & EventBody;
