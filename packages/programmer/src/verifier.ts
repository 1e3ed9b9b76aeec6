// What the engine asks of cryptography, as one interface: is this chip who it says, is this
// license for it, does this receipt prove the install. install-verifier.ts makes the real one of
// seal, license and certificate.

import type { HelloAnswer, LifeCycle } from '@firmseal/agent-client';
import type { Bytes } from '@firmseal/bytes';
import type { Outcome, VerifiedLicense } from '@firmseal/license';
import type { ChipState } from '@firmseal/seal';

/** What a receipt is held against. */
export type KnownLicense = Pick<VerifiedLicense, 'terms' | 'digest'>;

/** A hello whose certificate and signature were verified. */
export interface VerifiedHello extends ChipState {
  readonly thumbprint: Bytes;
  readonly chipId: string;
  readonly lifeCycle: LifeCycle;
  /** Of the package in flash or being installed. */
  readonly manifestDigest?: Bytes | undefined;
}

export interface ReceiptQuestion {
  readonly receipt: Uint8Array;
  /** The answer to the hello of the same connection. */
  readonly answer: HelloAnswer;
  /**
   * The licenses that it may name: the one of this run, or else every one that the
   * station knows for the chip.
   */
  readonly licenses: readonly KnownLicense[];
  /** True when a license was sent in this run: the receipt has to name it. */
  readonly mustBeKnown: boolean;
  /** The challenge that was sent along, if any. */
  readonly challenge?: Uint8Array | undefined;
}

export interface VerifiedReceipt {
  readonly licenseId: Bytes;
  readonly jobId: Bytes;
  readonly fresh: boolean;
  /** What the install is called (spec/receipt.md section 4). */
  readonly outcome: Outcome;
  readonly installCount: number;
  /**
   * False when the station had no license to compare with: the authority's acceptance
   * is then what speaks for it.
   */
  readonly licenseKnown: boolean;
}

/** Every method throws the fault that the specification names for the first check that fails. */
export interface InstallVerifier {
  hello(answer: HelloAnswer, challenge: Uint8Array): VerifiedHello;
  /** The license of a bundle for this package and this chip. */
  license(bundle: Uint8Array, thumbprint: Uint8Array): KnownLicense;
  receipt(question: ReceiptQuestion): VerifiedReceipt;
}
