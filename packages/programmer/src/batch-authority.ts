// Licenses that were made in advance, for lines without a connection: standing licenses by
// thumbprint, receipts into an outbox. Nobody gives challenges here, so these receipts answer the
// license's nonce and say NOT FRESH.

import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { LineAuthority, ReceiptDelivery } from './line-authority.ts';

export interface BatchOptions {
  /** Encoded bundles by thumbprint, lower-case hexadecimal. */
  readonly bundles: ReadonlyMap<string, Bytes>;
  /** Keeps a receipt durably; called again with the same one after a restart. */
  readonly keepReceipt: (delivery: ReceiptDelivery) => Promise<void>;
}

/** `issueLicense` throws `license-missing` for a chip that the batch does not hold. */
export function createBatchAuthority({ bundles, keepReceipt }: BatchOptions): LineAuthority {
  const find = (thumbprint: Bytes) => bundles.get(toHex(thumbprint));
  return {
    giveChallenge: async () => new Uint8Array(0),
    issueLicense: async ({ thumbprint }) => {
      const bundle = find(thumbprint);
      if (bundle === undefined) throw new Fault('license-missing', { thumbprint: toHex(thumbprint) });
      return { bundle };
    },
    storeReceipt: async (delivery) => {
      await keepReceipt(delivery);
      return { keptBy: 'outbox' };
    },
    knownLicense: async (thumbprint) => find(thumbprint),
  };
}
