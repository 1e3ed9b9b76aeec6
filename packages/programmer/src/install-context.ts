// What an install knows as it goes, and what its steps work with. A step gets a context and returns the next
// one; it changes nothing in place, so a step that overran its deadline leaves no trace.

import type { AgentClient, HelloAnswer } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import type { Outcome } from '@firmseal/license';
import type { Clock } from '@firmseal/link';
import type { EventBody, InstallEvent } from './events.ts';
import type { InstallPackage } from './install-package.ts';
import type { InstallStateName, WorkingState } from './install-states.ts';
import type { Journal, JournalBody } from './journal.ts';
import type { LineAuthority } from './line-authority.ts';
import type { SocketOpener } from './socket-opener.ts';
import type { InstallVerifier, KnownLicense, VerifiedHello } from './verifier.ts';

export interface HeldLicense {
  readonly bundle: Bytes;
  readonly known: KnownLicense;
}

interface HeldReceipt {
  readonly receipt: Bytes;
  readonly licenseId: Bytes;
  readonly challenge?: Bytes | undefined;
  readonly fresh: boolean;
  readonly outcome: Outcome;
}

export interface InstallContext {
  readonly client?: AgentClient | undefined;
  /** Challenge, answer and what was verified of it, of this connection. */
  readonly greeting?:
    | { readonly challenge: Bytes; readonly answer: HelloAnswer; readonly device: VerifiedHello }
    | undefined;
  readonly license?: HeldLicense | undefined;
  readonly receipt?: HeldReceipt | undefined;
}

export interface StepOutcome {
  readonly next: InstallStateName;
  readonly context: InstallContext;
}

/** An install that was proven and stored: all that a receipt file needs besides the package. */
export interface InstallProof {
  readonly thumbprint: Bytes;
  readonly certificate: Bytes;
  /** Left out where this run did not get the license: the chip held the package already. */
  readonly bundle?: Bytes | undefined;
  readonly licenseId: Bytes;
  readonly receipt: Bytes;
  readonly challenge?: Bytes | undefined;
}

/** What does not change from step to step. */
export interface InstallSettings {
  readonly socket: string;
  /** From 1, for result lines. */
  readonly socketNumber: number;
  readonly sealed: InstallPackage;
  readonly opener: SocketOpener;
  readonly authority: LineAuthority;
  readonly journal: Journal;
  readonly verifier: InstallVerifier;
  readonly clock: Clock;
  /** Wall time, for events and journal. */
  readonly now: () => Date;
  /** A new random id, 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly onEvent: (event: InstallEvent) => void;
  /** Boot the application at the end; default false. */
  readonly startApplication?: boolean;
  /** Shorter or longer deadlines than the table of states has. */
  readonly deadlinesMs?: Partial<Record<WorkingState, number>>;
  /** Of the whole install; default 3,600,000. */
  readonly limitMs?: number;
  /** How often the connection is begun again, resets for option bytes included; default 10. */
  readonly mostRestarts?: number;
  /**
   * The socket in which the same run has met this device, if it was another one; else it is now this one's.
   */
  readonly claimDevice?: (thumbprint: string, socket: string) => string | undefined;
  /** Keeps a proof at the station, once the receipt is stored; a fault of it is the fault of the install. */
  readonly keepProof?: (proof: InstallProof) => void;
  /** Pause before the connection is begun again; default 500. */
  readonly restartPauseMs?: number;
  /** Aborting it ends the install with `install-stopped`. */
  readonly signal?: AbortSignal;
}

/** What a step may do besides asking chip and authority; dead once its step is over. */
export interface StepTools {
  readonly settings: InstallSettings;
  emit(body: EventBody): void;
  /** Written and synced when it resolves. */
  record(body: JournalBody): Promise<void>;
  /** Takes the id of a fresh install when the chip is not the one that the journal remembers. */
  meet(thumbprint: Bytes): Promise<void>;
}
