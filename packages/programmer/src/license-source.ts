// Where licenses come from and receipts go, as one interface: the authority over HTTP (authority-source.ts)
// or a batch that was made in advance (batch-source.ts).

import type { Bytes } from '@firmseal/bytes';

export interface LicenseQuestion {
  readonly hello: Bytes;
  readonly certificate: Bytes;
  readonly challenge: Bytes;
  readonly thumbprint: Bytes;
  /** Of the package that is to be installed. */
  readonly manifestDigest: Bytes;
  /** Names this question; a repeat carries the same. */
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
}

/** `outbox`: kept at the station until somebody carries it to the authority. */
export type ReceiptKeeper = 'authority' | 'outbox';

export interface LicenseSource {
  /** For one hello or one receipt: 32 bytes, or none when nobody is there to give one. */
  challenge(purpose: 'hello' | 'receipt'): Promise<Bytes>;
  /** Idempotent by chip: asking again for the same chip spends nothing. */
  license(question: LicenseQuestion): Promise<GivenLicense>;
  /** Resolves once the receipt is durably stored; storing it again is no error. */
  storeReceipt(delivery: ReceiptDelivery): Promise<ReceiptKeeper>;
  /** A license that the source knows for the chip without issuing one. */
  knownLicense?(thumbprint: Bytes): Promise<Bytes | undefined>;
}
