// The certificate of a job's end: spec/approval.md section 4. The license issuer signs how many units and
// licenses there were when the job was closed, so that nobody can add one afterwards unseen.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import { type CoseSigner, field, oneOf } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  count,
  digestOf,
  readObject,
  type SignedKind,
  shortText,
  type Trust,
  verifyAuthority,
  verifySigned,
  word,
} from '@firmseal/formats';
import { signValues } from './sign-values.ts';

const endKind: SignedKind = {
  typ: 'application/firmseal-job-end',
  payloadMaxBytes: 256,
  malformed: 'job-end-malformed',
  invalid: 'job-end-signature-invalid',
};

export interface JobEnd {
  readonly product: string;
  readonly jobId: Bytes;
  readonly quota: number;
  /** Taken and not voided. */
  readonly units: number;
  readonly voided: number;
  readonly licenses: number;
  /** Units with a receipt, when the job was closed: receipts may still come. */
  readonly installed: number;
  /** By the authority's clock, seconds since 1970. */
  readonly atSeconds: number;
  /** Of the delegation of the license issuer who signs. */
  readonly delegationDigest: Bytes;
}

const shape = {
  formatVersion: field(0, oneOf(1)),
  product: field(1, shortText),
  jobId: field(2, bytes16),
  quota: field(3, count),
  units: field(4, count),
  voided: field(5, count),
  licenses: field(6, count),
  installed: field(7, count),
  atSeconds: field(8, word),
  delegationDigest: field(9, bytes32),
};

/** The encoded object. Rejects with `product-name-invalid`, `job-end-malformed`. */
export function makeJobEnd(crypto: Crypto, issuer: CoseSigner, end: JobEnd): Promise<Bytes> {
  return signValues(crypto, issuer, {
    kind: endKind,
    product: end.product,
    values: [
      end.product,
      end.jobId,
      end.quota,
      end.units,
      end.voided,
      end.licenses,
      end.installed,
      end.atSeconds,
      end.delegationDigest,
    ],
    read: (payload) => readObject(payload, endKind.malformed, 'end of a job', shape),
  });
}

/**
 * Section 4. Throws `delegation-*`, `job-end-malformed`, `job-end-signature-invalid`, `job-end-wrong`.
 */
export function verifyJobEnd(
  crypto: Crypto,
  { end: bytes, delegation }: { readonly end: Uint8Array; readonly delegation: Uint8Array },
  trust: Trust & { readonly product: string },
): JobEnd & { readonly digest: Bytes } {
  const { delegate } = verifyAuthority(crypto, { delegation }, { ...trust, role: 'license-issuer' });
  const object = verifySigned(crypto, bytes, { kind: endKind, publicKey: delegate.publicKey });
  const { formatVersion: _, ...end } = readObject(object.payload, endKind.malformed, 'end of a job', shape);
  if (end.product !== trust.product) throw new Fault('job-end-wrong', { what: 'product' });
  if (!equalBytes(end.delegationDigest, delegate.digest))
    throw new Fault('job-end-wrong', { what: 'delegation' });
  return { ...end, digest: digestOf(crypto, object) };
}
