// What an owner calls to recover a chip whose journal is lost (spec/recovery.md): how far the device was
// licensed, and that a statement was made.

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';

const floor = z.object({
  /** Licenses that were issued to the device for this product. */
  licenses: of.count,
  /** Highest security counter that was ever licensed to it; 0 without a license. */
  securityCounter: of.count,
  /** Highest ceiling of unwraps that was ever licensed to it; 0 without a license. */
  unwraps: of.count,
  /** In force at the authority. */
  epoch: of.count,
});
export type RecoveryFloor = z.output<typeof floor>;

export const recoveryCalls = {
  recoveryFloor: call({
    method: 'GET',
    path: '/v1/devices/{thumbprint}/recovery-floor',
    scopes: ['owner', 'auditor'],
    about:
      'Answers the floors that a recovery statement for the device must not be below (spec/recovery.md section 2): the highest security counter and the highest ceiling of unwraps that any job of the product licensed to it.',
    input: z.strictObject({ product: of.product, thumbprint: of.digest }),
    answer: floor,
  }),
  recordRecovery: call({
    method: 'POST',
    path: '/v1/recoveries',
    scopes: ['owner'],
    about:
      'Verifies a recovery bundle for the chip of the certificate and its hello, holds it against the floors, and logs it. It comes before the bundle is sent to the chip. The authority signs nothing.',
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
