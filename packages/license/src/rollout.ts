// Which devices an update is open to first: spec/rollout.md section 1. A device keeps its place for the whole
// life of a job, so a share that grows takes nobody away.

import { type Bytes, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

const label = utf8('firmseal/1 rollout');
const places = 10_000;

/** From 0 to 9999. */
export function rolloutPlace(crypto: Crypto, jobId: Bytes, thumbprint: Bytes): number {
  const digest = crypto.sha256(label, jobId, thumbprint);
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0) % places;
}

/** Whether a device is among the first `percent` of all. */
export const isInShare = (place: number, percent: number): boolean => place < percent * (places / 100);
