// One approver's word on one thing that an authority may do: spec/approval.md section 2. It names the job,
// the number of approvers that he was told, and until when his word holds.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import {
  arrayOf,
  type CborValue,
  type CoseSigner,
  encodeCbor,
  field,
  integer,
  oneOf,
} from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import {
  bytes16,
  bytes32,
  digestOf,
  grantOf,
  openSigned,
  orMalformed,
  readObject,
  type SignedKind,
  shortText,
  type Trust,
  verifyAuthority,
  verifySigned,
  word,
} from '@firmseal/formats';
import { mostApprovers } from './approval-policy.ts';
import { signValues } from './sign-values.ts';
import { approvalKinds, readSubject, type Subject, subjectInput } from './subject.ts';

const malformed = 'approval-malformed';

const approvalKind: SignedKind = {
  typ: 'application/firmseal-approval',
  payloadMaxBytes: 1152,
  malformed,
  invalid: 'approval-signature-invalid',
};

export interface Approval {
  readonly product: string;
  /** How many approvers have to sign, as this one was told by the root. */
  readonly threshold: number;
  /** Grant of the approver's delegation, 32 bytes. */
  readonly grant: Bytes;
  /** `noJob` where the subject is a recovery or the cap of a site. */
  readonly jobId: Bytes;
  /** By the approver's clock, seconds since 1970. */
  readonly issuedAtSeconds: number;
  /** It counts until then, included. */
  readonly validUntilSeconds: number;
  readonly subject: Subject;
}

export interface VerifiedApproval extends Approval {
  /** Of the signed object, 32 bytes. */
  readonly digest: Bytes;
  /** The approver's, 65 bytes. */
  readonly approverKey: Bytes;
  /** Epoch of his delegation. */
  readonly epoch: number;
}

/** Stands for the job of an approval that is of no job, and only there. */
export const noJob: Bytes = new Uint8Array(16);

const anyItem = (value: CborValue): CborValue => value;

const shape = {
  formatVersion: field(0, oneOf(1)),
  kindNumber: field(1, integer(1, approvalKinds.length)),
  product: field(2, shortText),
  threshold: field(3, integer(1, mostApprovers)),
  grant: field(4, bytes32),
  jobId: field(5, bytes16),
  issuedAtSeconds: field(6, word),
  validUntilSeconds: field(7, word),
  subjectItems: field(8, arrayOf(anyItem, 0, 8)),
};

function readPayload(payload: Uint8Array): Approval {
  const found = readObject(payload, malformed, 'approval', shape);
  const { formatVersion: _, kindNumber, subjectItems, ...rest } = found;
  const kind = approvalKinds[kindNumber - 1]!;
  const subject = orMalformed(malformed, () => readSubject(kind, subjectItems));
  if (subject === undefined || rest.issuedAtSeconds > rest.validUntilSeconds) throw new Fault(malformed);
  const isOfNoJob = subject.kind === 'recovery' || subject.kind === 'site-cap';
  if (isOfNoJob !== equalBytes(rest.jobId, noJob)) throw new Fault(malformed);
  return { ...rest, subject };
}

/** The encoded object. Rejects with `product-name-invalid`, `approval-malformed`. */
export function makeApproval(crypto: Crypto, approver: CoseSigner, approval: Approval): Promise<Bytes> {
  return signValues(crypto, approver, {
    kind: approvalKind,
    product: approval.product,
    values: [
      approvalKinds.indexOf(approval.subject.kind) + 1,
      approval.product,
      approval.threshold,
      approval.grant,
      approval.jobId,
      approval.issuedAtSeconds,
      approval.validUntilSeconds,
      subjectInput(approval.subject),
    ],
    read: readPayload,
  });
}

/** Shape alone, for display: nothing in it can be believed. Throws `approval-malformed`. */
export const readApprovalUnverified = (bytes: Uint8Array): Approval =>
  readPayload(openSigned(bytes, approvalKind).payload);

/**
 * Section 3, steps 1 to 3: who signed, and that the root lets him. Throws `delegation-*`,
 * `approval-malformed`, `approval-signature-invalid`, `approval-wrong`.
 */
export function verifyApproval(
  crypto: Crypto,
  { approval: bytes, delegation }: { readonly approval: Uint8Array; readonly delegation: Uint8Array },
  trust: Trust & { readonly product: string },
): VerifiedApproval {
  const { delegate } = verifyAuthority(crypto, { delegation }, { ...trust, role: 'approver' });
  const object = verifySigned(crypto, bytes, { kind: approvalKind, publicKey: delegate.publicKey });
  const approval = readPayload(object.payload);
  if (approval.product !== trust.product) throw new Fault('approval-wrong', { what: 'product' });
  if (!equalBytes(approval.grant, grantOf(crypto, delegate)))
    throw new Fault('approval-wrong', { what: 'delegation' });
  return {
    ...approval,
    digest: digestOf(crypto, object),
    approverKey: delegate.publicKey,
    epoch: delegate.epoch,
  };
}

/** What is approved, without who and when: two approvals with the same text are about the same thing. */
export function subjectDigest(crypto: Crypto, { product, jobId, subject }: ApprovedThing): Bytes {
  return crypto.sha256(
    encodeCbor([product, jobId, approvalKinds.indexOf(subject.kind) + 1, subjectInput(subject)]),
  );
}

export type ApprovedThing = Pick<Approval, 'product' | 'jobId' | 'subject'>;
