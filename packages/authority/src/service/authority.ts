// What the service works with: store, clock, keys, and for each product the trust that was checked
// at the start. Root, package signer and device CA keys never come here; only what the root
// delegated (spec/delegation.md).

import { type ApprovalPolicy, verifyApprovalPolicy } from '@firmseal/approval';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { type Crypto, rememberVerified } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { type GrownTrust, type VerifiedDelegation, verifyAuthority } from '@firmseal/formats';
import type { Signer, Unwrapper } from '@firmseal/keys';
import type { JobRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { type AuthorityClock, type ClockSources, createClock } from './clock.ts';
import type { Ledger } from './ledger.ts';

/** The owner's configuration for one product: encoded objects as the root signed them. */
export interface ProductKeys {
  readonly product: string;
  /** 65 bytes. */
  readonly rootPublicKey: Bytes;
  readonly issuer: Signer;
  readonly issuerDelegation: Bytes;
  /** One for each device CA whose certificates are accepted. */
  readonly deviceCaDelegations: readonly Bytes[];
  readonly epochStatement?: Bytes;
  /** How many approvers have to sign (spec/approval.md section 1); left out, an owner's token is enough. */
  readonly approvalPolicyObject?: Bytes;
}

/** The same after its signatures were checked. */
export interface ProductTrust extends ProductKeys {
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
  /** Opens content-key files. */
  readonly kem: Unwrapper;
  readonly products: ReadonlyMap<string, ProductTrust>;
  readonly challengeLifeMs: number;
  /** Absent: nothing is published. */
  readonly ledger?: Ledger;
}

export interface AuthorityOptions {
  readonly store: Store;
  readonly crypto: Crypto;
  readonly clock?: ClockSources;
  readonly kem: Unwrapper;
  readonly products: readonly ProductKeys[];
  /** How long a challenge may be answered; 10 minutes when left out. */
  readonly challengeLifeMs?: number;
  readonly ledger?: Ledger;
}

/**
 * Checks one product's configuration. Throws the epoch and delegation faults, `approval-policy-*`,
 * `issuer-key-not-delegated`, and `issuer-key-not-separate`: who holds both keys could certify a chip of
 * software and license it.
 */
export function verifyProduct(crypto: Crypto, keys: ProductKeys): ProductTrust {
  const { product, rootPublicKey, epochStatement } = keys;
  const { delegate, trust: ofIssuer } = verifyAuthority(
    crypto,
    { delegation: keys.issuerDelegation, epochStatement },
    { rootPublicKey, product, role: 'license-issuer' },
  );
  if (!equalBytes(delegate.publicKey, keys.issuer.publicKey))
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

/**
 * Checks the configuration of every product; faults as verifyProduct, and those of the store. Does not own
 * the store: close it yourself.
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { store, kem, challengeLifeMs = 600_000, ledger } = options;
  // Every request brings delegations, packages and approvals that others brought before.
  const crypto = rememberVerified(options.crypto);
  const products = new Map(options.products.map((keys) => [keys.product, verifyProduct(crypto, keys)]));
  const clock = createClock(await store.findTick(), options.clock);
  return { store, crypto, kem, clock, products, challengeLifeMs, ...(ledger ? { ledger } : {}) };
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
export function requireCurrent(authority: Pick<Authority, 'clock'>, job: JobRecord): void {
  const { validUntilMs, jobId } = job;
  if (validUntilMs === undefined || authority.clock.nowMs() <= validUntilMs) return;
  throw new Fault('job-expired', { job: toHex(jobId), until: new Date(validUntilMs).toISOString() });
}
