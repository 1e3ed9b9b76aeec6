// The authority as an install sees it: a challenge, a license, a receipt, under the names of its
// interface. Over HTTP it is accessForJob of packages/authority-client; without a connection, a batch that
// was made in advance (batch-authority.ts).

import type { Bytes } from '@firmseal/bytes';

export interface LicenseRequest {
  readonly hello: Bytes;
  readonly certificate: Bytes;
  readonly challenge: Bytes;
  readonly thumbprint: Bytes;
  /** Of the package that is to be installed. */
  readonly manifestDigest: Bytes;
  /** Refuses a job that gives licenses of another mode. */
  readonly mode?: 'session' | 'standing' | undefined;
  /** Names this request; a repeat carries the same. */
  readonly requestId: string;
}

export interface GivenLicense {
  readonly bundle: Bytes;
  /** True when the license took a unit of the quota; unknown (undefined) offline. */
  readonly newUnit?: boolean | undefined;
}

export interface ReceiptDelivery {
  readonly licenseId: Bytes;
  readonly receipt: Bytes;
  readonly challenge?: Bytes | undefined;
  /** Of the chip. */
  readonly certificate: Bytes;
}

/**
 * `outbox`: kept at the station until somebody carries it to the authority; `holder`: shown to the person who
 * holds the device, and sent to nobody.
 */
export type ReceiptKeeper = 'authority' | 'outbox' | 'holder';

export interface KeptReceipt {
  readonly keptBy: ReceiptKeeper;
  /** Set when the chip was installed under another job of the authority: nothing of this job was spent. */
  readonly otherJob?: Bytes | undefined;
}

export interface LineAuthority {
  /** For one hello or one receipt: 32 bytes, or none when nobody is there to give one. */
  giveChallenge(purpose: 'hello' | 'receipt'): Promise<Bytes>;
  /** Idempotent by chip: asking again for the same chip spends nothing. */
  issueLicense(request: LicenseRequest): Promise<GivenLicense>;
  /** Resolves once the receipt is durably stored; storing it again is no error. */
  storeReceipt(delivery: ReceiptDelivery): Promise<KeptReceipt>;
  /** A license that is known for the chip without issuing one. */
  knownLicense?(thumbprint: Bytes): Promise<Bytes | undefined>;
}
