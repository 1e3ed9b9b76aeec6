// What the service works with: store, clock, keys, and for each product the trust that was checked
// at the start. Root, package signer and device CA keys never come here; only what the root
// delegated (spec/delegation.md).

import { type ApprovalPolicy, verifyApprovalPolicy } from '@firmseal/approval';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type GrownTrust, type VerifiedDelegation, verifyAuthority } from '@firmseal/formats';
import type { Signer, Unwrapper } from '@firmseal/keys';
import type { IssuingSigner } from '../signer/issuing-signer.ts';
import type { JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { AuthorityClock, ClockSources } from './clock.ts';
import type { Ledger } from './ledger.ts';

/** The owner's configuration for one product: encoded objects as the root signed them. */
export interface ProductKeys {
  readonly product: string;
  /** 65 bytes. */
  readonly rootPublicKey: Bytes;
  readonly issuerDelegation: Bytes;
  /** One for each device CA whose certificates are accepted. */
  readonly deviceCaDelegations: readonly Bytes[];
  readonly epochStatement?: Bytes;
  /** How many approvers have to sign (spec/approval.md section 1); left out, an owner's token is enough. */
  readonly approvalPolicyObject?: Bytes;
}

/** The same where this process holds the key that signs licenses. */
export interface IssuerKeys extends ProductKeys {
  readonly issuer: Signer;
}

/** The same after its signatures were checked. */
export interface ProductTrust extends ProductKeys {
  readonly issuer?: Signer;
  readonly issuerDelegate: VerifiedDelegation;
  readonly deviceCaKeys: readonly Bytes[];
  /** In force: the highest that the statement or a delegation proves. */
  readonly epoch: number;
  readonly approvalPolicy?: ApprovalPolicy;
}

export interface Authority {
  readonly store: Store;
  readonly crypto: Crypto;
  readonly clock: AuthorityClock;
  /** Has the keys. */
  readonly signer: IssuingSigner;
  readonly products: ReadonlyMap<string, ProductTrust>;
  readonly challengeLifeMs: number;
  /** Absent: nothing is published. */
  readonly ledger?: Ledger;
  /** Told once when few units of a job are left. */
  readonly onFewUnits?: (warning: FewUnits) => void;
}

interface FewUnits {
  readonly job: Bytes;
  readonly product: string;
  readonly remaining: number;
  readonly quota: number;
}

export interface AuthorityOptions {
  readonly store: Store;
  readonly crypto: Crypto;
  readonly clock?: ClockSources;
  /** In another process; left out, the keys are in this one, in `kem` and `issuer` of each product. */
  readonly signer?: IssuingSigner;
  /** Opens content-key files. */
  readonly kem?: Unwrapper;
  /** While it is replaced: the one before. */
  readonly previousKem?: Unwrapper | undefined;
  /** Certifies chips for sites, where this process has the key. */
  readonly deviceCa?: Signer | undefined;
  readonly products: readonly (ProductKeys | IssuerKeys)[];
  /** How long a challenge may be answered; 10 minutes when left out. */
  readonly challengeLifeMs?: number;
  readonly ledger?: Ledger;
  readonly onFewUnits?: ((warning: FewUnits) => void) | undefined;
}

/**
 * Checks one product's configuration. Throws the epoch and delegation faults, `approval-policy-*`,
 * `issuer-key-not-delegated`, and `issuer-key-not-separate`: who holds both keys could certify a chip of
 * software and license it.
 */
export function verifyProduct(
  crypto: Crypto,
  keys: ProductKeys & { readonly issuer?: Signer },
): ProductTrust {
  const { product, rootPublicKey, epochStatement } = keys;
  const { delegate, trust: ofIssuer } = verifyAuthority(
    crypto,
    { delegation: keys.issuerDelegation, epochStatement },
    { rootPublicKey, product, role: 'license-issuer' },
  );
  if (keys.issuer !== undefined && !equalBytes(delegate.publicKey, keys.issuer.publicKey))
    throw new Fault('issuer-key-not-delegated', { product });
  // One decision: the highest epoch that any of these proves ends all that are of a lower one.
  let trust: GrownTrust = ofIssuer;
  const deviceCaKeys = keys.deviceCaDelegations.map((delegation) => {
    const verified = verifyAuthority(crypto, { delegation }, { ...trust, role: 'device-ca' });
    trust = verified.trust;
    return verified.delegate.publicKey;
  });
  if (deviceCaKeys.some((key) => equalBytes(key, delegate.publicKey)))
    throw new Fault('issuer-key-not-separate', { product });
  const { approvalPolicyObject: policy } = keys;
  return {
    ...{ ...keys, issuerDelegate: delegate, deviceCaKeys, epoch: trust.epoch },
    ...(policy && { approvalPolicy: verifyApprovalPolicy(crypto, policy, { rootPublicKey, product }) }),
  };
}

/** Throws `product-not-served`. */
export function requireProduct(authority: Pick<Authority, 'products'>, product: string): ProductTrust {
  const trust = authority.products.get(product);
  if (!trust) throw new Fault('product-not-served', { product });
  return trust;
}

/** Throws `job-not-approved` or `job-closed`. */
export function requireApproved(job: JobRecord, jobHex: string): void {
  if (job.state === 'open') throw new Fault('job-not-approved', { job: jobHex });
  if (job.state === 'closed') throw new Fault('job-closed', { job: jobHex });
}

/** A job ends by itself at its date. Throws `job-expired`. */
export function requireCurrent(
  authority: { readonly clock: Pick<AuthorityClock, 'nowMs'> },
  job: Pick<JobRecord, 'jobId' | 'validUntilMs'>,
): void {
  const { validUntilMs, jobId } = job;
  if (validUntilMs === undefined || authority.clock.nowMs() <= validUntilMs) return;
  throw new Fault('job-expired', { job: toHex(jobId), until: new Date(validUntilMs).toISOString() });
}
