// What an owner calls for a line without a connection: standing licenses for the chips of identity records,
// a few chips a call, and one signed list of all of them (spec/batch.md).

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';

const job = of.jobId;
/** Records of one call. */
export const mostBatchRecords = 32;
/** Licenses of one batch. */
const mostBatchLicenses = 10_000;
const mebibyte = 1_048_576;
const seconds = z.int().min(0).max(0xffff_ffff);

export const batchCalls = {
  licenseRecords: call({
    method: 'POST',
    path: '/v1/jobs/{job}/record-licenses',
    scopes: ['owner'],
    about:
      'Issues standing licenses for the chips of identity records, which take a unit of the quota each unless they have one. All records are checked before the first unit is taken. The same record, package and date get the same license again. Without a manifest digest the newest approved package of the job is meant. `station` names the station that the licenses are for; a job that lists stations asks for it.',
    input: z.strictObject({
      job,
      records: z.array(of.identityRecord).min(1).max(mostBatchRecords),
      /** Seconds since 1970. */
      notAfterSeconds: seconds,
      manifestDigest: z.optional(of.digest),
      station: z.optional(of.stationName),
    }),
    answer: z.object({
      manifestDigest: of.digest,
      /** In the order of the records. */
      licenses: z
        .array(
          z.object({
            thumbprint: of.digest,
            licenseId: of.licenseId,
            unitIndex: of.count,
            bundle: of.licenseBundle,
            newUnit: z.boolean(),
          }),
        )
        .max(mostBatchRecords),
    }),
    mostRequestBytes: mebibyte,
    mostAnswerBytes: mebibyte,
  }),
  signBatch: call({
    method: 'POST',
    path: '/v1/jobs/{job}/batches',
    scopes: ['owner'],
    about:
      'Signs the list of a batch of licenses that were issued before, all of this job and of one package, none good for longer than the batch.',
    input: z.strictObject({
      job,
      /** In the order of the file. */
      licenses: z.array(of.licenseId).min(1).max(mostBatchLicenses),
      notAfterSeconds: seconds,
    }),
    answer: z.object({
      batchId: of.licenseId,
      list: of.batchList,
      delegation: of.delegation,
      epochStatement: z.optional(of.delegation),
    }),
    repeatable: false,
    mostRequestBytes: mebibyte,
  }),
} as const;
