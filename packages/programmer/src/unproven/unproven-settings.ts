// What writing a chip without agent works with, and what it tells: spec/station.md section 6. The station
// opens the package itself; nothing of what it opened goes into an event, the journal or an error.

import type { Bytes } from '@firmseal/bytes';
import type { CoseSigner } from '@firmseal/cbor-cose';
import type { Chip } from '@firmseal/chips';
import type { Crypto } from '@firmseal/crypto';
import type { Fault } from '@firmseal/fault';
import type { ChipProgrammer, FlashEvent } from '@firmseal/programming';
import type { AccessState, OutcomeFile, StationResult, VerifiedStation } from '@firmseal/station';
import type { FaultReport } from '../events.ts';
import type { InstallPackage } from '../install-package.ts';
import type { Journal } from '../journal.ts';

interface StationAsk {
  readonly request: Bytes;
  readonly delegation: Bytes;
  readonly challenge: Bytes;
}

/** The authority for one job, as a station sees it. */
export interface StationAuthority {
  giveChallenge(purpose: 'hello'): Promise<Bytes>;
  issueStationLicense(ask: StationAsk): Promise<{ readonly bundle: Bytes; readonly newUnit: boolean }>;
  storeOutcome(delivery: { readonly statement: Bytes; readonly delegation: Bytes }): Promise<{
    readonly result: StationResult;
  }>;
}

export interface Station {
  readonly signer: CoseSigner;
  /** As the root signed it. */
  readonly delegation: Bytes;
  readonly verified: VerifiedStation;
}

export interface UnprovenSettings {
  readonly crypto: Crypto;
  readonly chip: Chip;
  readonly jobId: Bytes;
  readonly sealed: InstallPackage;
  /** The package file that `sealed` was read from. */
  readonly file: Uint8Array;
  readonly station: Station;
  readonly authority: StationAuthority;
  readonly journal: Journal;
  readonly openProgrammer: (place: string) => Promise<ChipProgrammer>;
  /** For protection that can never be taken back. */
  readonly confirmPermanent: boolean;
  readonly now: () => Date;
  /** A new random id, 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly onEvent: (event: UnprovenEvent) => void;
  /** Keeps a statement at the station as a file, once it is signed. */
  readonly keepStatement?: (holder: string, file: OutcomeFile) => void;
  readonly signal?: AbortSignal;
}

export type UnprovenBody =
  | { readonly kind: 'licensed'; readonly holder: string; readonly unit: number; readonly newUnit: boolean }
  /** An earlier run had written this chip; what was left is done. */
  | { readonly kind: 'resumed'; readonly holder: string; readonly unit: number }
  | { readonly kind: 'flash'; readonly step: FlashEvent }
  /** All of the package was read back. */
  | { readonly kind: 'written' }
  | {
      readonly kind: 'protected';
      readonly access: AccessState;
      readonly readoutLevel: number | null;
    }
  /** What an earlier run stated there is still not with the authority. */
  | { readonly kind: 'waiting'; readonly fault: FaultReport }
  | { readonly kind: 'delivered'; readonly result: StationResult; readonly unit: number }
  | { readonly kind: 'result'; readonly outcome: 'unproven'; readonly unit: number }
  | { readonly kind: 'result'; readonly outcome: 'fail'; readonly fault: FaultReport };

export type UnprovenEvent = UnprovenBody & {
  readonly place: string;
  /** From 1, in the order of the command; 0 for a place of an earlier run. */
  readonly placeNumber: number;
  readonly time: string;
};

export type UnprovenResult =
  | { readonly outcome: 'unproven'; readonly place: string; readonly placeNumber: number }
  | {
      readonly outcome: 'fail';
      readonly place: string;
      readonly placeNumber: number;
      readonly fault: Fault;
    };
