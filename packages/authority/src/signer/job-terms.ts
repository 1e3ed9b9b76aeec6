// The terms of a job as the signer pins them: one digest over all that decides what a license of it may be.

import { utf8 } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import type { JobRecord } from '../store/records.ts';
import type { PinnedJob } from './claim.ts';
import type { JobTerms } from './issuing-signer.ts';

const label = utf8('firmseal/1 signer job terms');

/** A job that came once for many requests is digested once. */
const pinned = new WeakMap<JobTerms, PinnedJob>();

export function pinnedJobOf(crypto: Pick<Crypto, 'sha256'>, job: JobTerms): PinnedJob {
  const known = pinned.get(job);
  if (known !== undefined) return known;
  const { jobId, product, quota, mode, accepts, validUntilMs, deviceDataKey, ledgerPolicy, stations } = job;
  const terms = encodeCbor([
    ...[jobId, product, quota, mode, [...accepts].sort()],
    ...[validUntilMs ?? null, deviceDataKey ?? null],
    ...(ledgerPolicy ? [ledgerPolicy] : []),
    ...(stations ? [[...stations]] : []),
  ]);
  const made = { jobId, product, quota, terms: crypto.sha256(label, terms) };
  pinned.set(job, made);
  return made;
}

/** What of a record of the store a signer is told. */
export const termsOf = (job: JobRecord): JobTerms => {
  const { jobId, product, quota, mode, accepts, validUntilMs, deviceDataKey, ledgerPolicy, stations } = job;
  return {
    ...{ jobId, product, quota, mode, accepts },
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    ...(deviceDataKey === undefined ? {} : { deviceDataKey }),
    ...(ledgerPolicy === undefined ? {} : { ledgerPolicy }),
    ...(stations === undefined ? {} : { stations }),
  };
};
