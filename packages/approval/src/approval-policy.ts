// How many approvers must sign: spec/approval.md section 1. The root signs it, so that an authority cannot
// lower the number by itself.

import type { Bytes } from '@firmseal/bytes';
import { type CoseSigner, field, integer, oneOf } from '@firmseal/cbor-cose';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { count, openSigned, readObject, type SignedKind, shortText, verifySigned } from '@firmseal/formats';
import { signValues } from './sign-values.ts';

/** More approvers than this are never needed. */
export const mostApprovers = 16;

const policyKind: SignedKind = {
  typ: 'application/firmseal-approval-policy',
  payloadMaxBytes: 128,
  malformed: 'approval-policy-malformed',
  invalid: 'approval-policy-signature-invalid',
};

export interface ApprovalPolicy {
  readonly product: string;
  /** So many approvers must sign, each with a key of his own: 1 to 16. */
  readonly threshold: number;
  /** Of two policies of a product the one with the higher number holds. */
  readonly number: number;
}

const shape = {
  formatVersion: field(0, oneOf(1)),
  product: field(1, shortText),
  threshold: field(2, integer(1, mostApprovers)),
  number: field(3, count),
};

function readPayload(payload: Uint8Array): ApprovalPolicy {
  const { formatVersion: _, ...policy } = readObject(payload, policyKind.malformed, 'approval policy', shape);
  return policy;
}

/** The encoded object. Rejects with `product-name-invalid`, `approval-policy-malformed`. */
export function makeApprovalPolicy(crypto: Crypto, root: CoseSigner, policy: ApprovalPolicy): Promise<Bytes> {
  return signValues(crypto, root, {
    kind: policyKind,
    product: policy.product,
    values: [policy.product, policy.threshold, policy.number],
    read: readPayload,
  });
}

/** Shape alone, for display: nothing in it can be believed. Throws `approval-policy-malformed`. */
export const readApprovalPolicyUnverified = (bytes: Uint8Array): ApprovalPolicy =>
  readPayload(openSigned(bytes, policyKind).payload);

/**
 * Section 1. Throws `approval-policy-malformed`, `approval-policy-signature-invalid`,
 * `approval-policy-product-wrong`.
 */
export function verifyApprovalPolicy(
  crypto: Crypto,
  bytes: Uint8Array,
  trust: { readonly rootPublicKey: Uint8Array; readonly product: string },
): ApprovalPolicy {
  const object = verifySigned(crypto, bytes, { kind: policyKind, publicKey: trust.rootPublicKey });
  const policy = readPayload(object.payload);
  const { product } = policy;
  if (product !== trust.product)
    throw new Fault('approval-policy-product-wrong', { product, expected: trust.product });
  return policy;
}
