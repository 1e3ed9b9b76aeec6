// Whom the auditor trusts for one product: his own copies of public keys, nothing that the authority tells.

import type { ApprovalPolicy } from '@firmseal/approval';
import type { Bytes } from '@firmseal/bytes';

export interface AuditTrust {
  readonly product: string;
  readonly rootPublicKey: Bytes;
  /** Public keys of the device CAs that the root delegated. */
  readonly deviceCaKeys: readonly Bytes[];
  /**
   * How many approvers have to sign, as the root says: the owner's own copy. Left out,
   * nothing is said of approvals.
   */
  readonly approvalPolicy?: ApprovalPolicy;
  /** Policies from before it, under which earlier jobs were approved. */
  readonly earlierPolicies?: readonly ApprovalPolicy[];
}
