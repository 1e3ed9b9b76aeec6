// Whom the auditor trusts for one product: his own copies of public keys, nothing that the authority tells.

import type { Bytes } from '@firmseal/bytes';

export interface AuditTrust {
  readonly product: string;
  readonly rootPublicKey: Bytes;
  /** Public keys of the device CAs that the root delegated. */
  readonly deviceCaKeys: readonly Bytes[];
}
