// How a command is called where it writes what it can write.

import type { Desk } from './desk.ts';

export interface Call {
  readonly words: readonly string[];
  /** Relative to the folder that the call writes into. */
  readonly files: readonly string[];
  /** Exit code where everything can be written: 0 unless the call meets something that it cannot do. */
  readonly status?: number;
  /** It writes to the authority's database first, whose faults have codes of their own. */
  readonly database?: boolean;
  /** It goes on until it is asked to stop. */
  readonly serves?: boolean;
}

export interface CallSite {
  readonly desk: Desk;
  readonly url: string;
  readonly job: string;
  /** Of mode standing, approved; the desk has a record of one chip. */
  readonly standingJob: string;
  /** Id of a token that may be revoked. */
  readonly tokenId: string;
  /** Debug port of a blank stm32g0b1. */
  readonly probe: string;
  /** An empty folder. */
  readonly out: string;
}
