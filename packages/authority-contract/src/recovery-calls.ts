// What an owner calls to recover a chip whose journal is lost (spec/recovery.md): how far the device was
// licensed, and that a statement was made.

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';

/** Of a device, the newest. */
export const mostShownRecoveries = 16;

const floor = z.object({
  /** Licenses that were issued to the device for this product. */
  licenses: of.count,
  /** Highest security counter that was ever licensed to it; 0 without a license. */
  securityCounter: of.count,
  /** Highest ceiling of unwraps that was ever licensed to it; 0 without a license. */
  unwraps: of.count,
  /** In force at the authority. */
  epoch: of.count,
  /** How many approvers have to sign a recovery; 0 where the root asks for none. */
  approvalsNeeded: of.count,
  /** Floors for which approvers have signed, the newest first. */
  approvals: z
    .array(z.object({ securityCounter: of.count, unwraps: of.count, given: of.count }))
    .max(mostShownRecoveries),
});
export type RecoveryFloor = z.output<typeof floor>;

export const recoveryCalls = {
  recoveryFloor: call({
    method: 'GET',
    path: '/v1/devices/{thumbprint}/recovery-floor',
    scopes: ['owner', 'auditor', 'approver'],
    about:
      'Answers the floors that a recovery statement for the device must not be below (spec/recovery.md section 2): the highest security counter and the highest ceiling of unwraps that any job of the product licensed to it. And what approvers have signed of its recovery.',
    input: z.strictObject({ product: of.product, thumbprint: of.digest }),
    answer: floor,
  }),
  recordRecovery: call({
    method: 'POST',
    path: '/v1/recoveries',
    scopes: ['owner'],
    about:
      'Verifies a recovery bundle for the chip of the certificate and its hello, holds it against the floors, and logs it. It comes before the bundle is sent to the chip. The authority signs nothing. Where the root asks for approvals, approvers have signed these floors before.',
    input: z.strictObject({
      product: of.product,
      certificate: of.certificate,
      hello: of.hello,
      bundle: of.recoveryBundle,
    }),
    answer: z.object({ thumbprint: of.digest, statementDigest: of.digest }),
    repeatable: false,
  }),
} as const;
