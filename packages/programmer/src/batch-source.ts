// Licenses that were made in advance, for lines without a connection: standing licenses by
// thumbprint, receipts into an outbox. Nobody gives challenges here, so these receipts answer the
// license's nonce and say NOT FRESH.

import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { LicenseSource, ReceiptDelivery } from './license-source.ts';

export interface BatchSourceOptions {
  /** Encoded bundles by thumbprint, lower-case hexadecimal. */
  readonly bundles: ReadonlyMap<string, Bytes>;
  /** Keeps a receipt durably; called again with the same one after a restart. */
  readonly keepReceipt: (delivery: ReceiptDelivery) => Promise<void>;
}

/** `license` throws `license-missing` for a chip that the batch does not hold. */
export function createBatchSource({ bundles, keepReceipt }: BatchSourceOptions): LicenseSource {
  const find = (thumbprint: Bytes) => bundles.get(toHex(thumbprint));
  return {
    challenge: async () => new Uint8Array(0),
    license: async ({ thumbprint }) => {
      const bundle = find(thumbprint);
      if (bundle === undefined) throw new Fault('license-missing', { thumbprint: toHex(thumbprint) });
      return { bundle };
    },
    storeReceipt: async (delivery) => {
      await keepReceipt(delivery);
      return 'outbox';
    },
    knownLicense: async (thumbprint) => find(thumbprint),
  };
}
