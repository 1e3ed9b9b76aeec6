// A batch file as a line and `firmseal install` use it: under the root, for their package, and in place of an
// authority that cannot be reached.

import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { checkBatchDate, type LicenseBatch, openLicenseBatch } from '@firmseal/license';
import {
  createBatchAuthority,
  type InstallPackage,
  type LineAuthority,
  type ReceiptDelivery,
} from '@firmseal/programmer';
import { readInput } from '../files.ts';

/** Throws the faults of openLicenseBatch, `batch-package-wrong`, and what reading a file throws. */
export function readBatch(file: string, { manifest, trust }: Pick<InstallPackage, 'manifest' | 'trust'>) {
  const batch = openLicenseBatch(nodeCrypto, { ...trust, bytes: readInput(file), file });
  if (!equalBytes(batch.manifestDigest, manifest.digest)) throw new Fault('batch-package-wrong', { file });
  return batch;
}

/** `job`: that somebody said the batch is of. Throws `batch-job-wrong`. */
export function requireBatchJob(file: string, { jobId }: LicenseBatch, job: Bytes | undefined): void {
  if (job !== undefined && !equalBytes(job, jobId))
    throw new Fault('batch-job-wrong', { file, found: toHex(jobId), job: toHex(job) });
}

/**
 * Gives the licenses of the batch until its date: `batch-expired`, and `batch-chip-missing` for a chip that
 * it does not hold, before anything is sent to it.
 */
export function authorityOfBatch(
  batch: LicenseBatch,
  keepReceipt: (delivery: ReceiptDelivery) => Promise<void>,
): LineAuthority {
  const { bundles } = batch;
  const authority = createBatchAuthority({ bundles, keepReceipt });
  return {
    ...authority,
    issueLicense: async (request) => {
      checkBatchDate(batch, new Date());
      const thumbprint = toHex(request.thumbprint);
      if (!bundles.has(thumbprint)) throw new Fault('batch-chip-missing', { thumbprint });
      return authority.issueLicense(request);
    },
  };
}
