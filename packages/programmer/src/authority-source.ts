// Licenses from the authority, receipts to it, over packages/authority-client.

import type { AuthorityClient } from '@firmseal/authority-client';
import { toHex } from '@firmseal/bytes';
import type { LicenseSource } from './license-source.ts';

export function createAuthoritySource(client: AuthorityClient): LicenseSource {
  return {
    challenge: (purpose) => client.challenge(purpose),
    license: async ({ thumbprint: _, ...request }) => {
      const { bundle, newUnit } = await client.license(request);
      return { bundle, newUnit };
    },
    storeReceipt: async ({ licenseId, receipt, challenge }) => {
      await client.submitReceipt({
        licenseId: toHex(licenseId),
        receipt,
        ...(challenge === undefined ? {} : { challenge }),
      });
      return 'authority';
    },
  };
}
