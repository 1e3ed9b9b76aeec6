// What the signer works with: keys, the roots' configuration, a clock, its own table.

import { type Bytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { Signer } from '@firmseal/keys';
import type { NoteSigner } from '@firmseal/ledger';
import { requireOrdered, requireSigned } from '../service/approvals.ts';
import type { ProductTrust } from '../service/authority.ts';
import { stopsOfStation } from '../service/stops.ts';
import type { ApprovalRecord } from '../store/records.ts';
import type { ApprovalWord, JobTerms } from './issuing-signer.ts';
import type { KemKeys } from './kem-keys.ts';
import type { SharedContentKeys } from './shared-content-keys.ts';
import type { SignerTable } from './signer-table.ts';
import type { SiteTable } from './site-table.ts';

export interface IssuingProduct {
  readonly trust: ProductTrust;
  readonly issuer: Signer;
}

export interface SignerContext {
  readonly crypto: Crypto;
  /** The same without a memory of signatures, for those that nobody verifies a second time. */
  readonly onceCrypto: Crypto;
  /** The wall clock: certificates, approvals and the end of a job are held against it. */
  readonly clock: { nowMs(): number };
  readonly kems: KemKeys;
  readonly contentKeys: SharedContentKeys;
  readonly products: ReadonlyMap<string, ProductTrust>;
  readonly issuers: ReadonlyMap<string, Signer>;
  readonly table: SignerTable;
  readonly sites: SiteTable;
  /** Certifies chips for sites, where this signer has the key. */
  readonly deviceCa?: Signer | undefined;
  /** Of the ledger's key, where there is one. */
  readonly ledger?: NoteSigner | undefined;
}

/** Throws `product-not-served`. */
export function requireIssuing({ products, issuers }: SignerContext, product: string): IssuingProduct {
  const [trust, issuer] = [products.get(product), issuers.get(product)];
  if (trust === undefined || issuer === undefined) throw new Fault('product-not-served', { product });
  return { trust, issuer };
}

const noDigest = new Uint8Array(0);

/** The approvals of a request in the form in which a store has them. */
const rowsOf = (jobId: Bytes, words: readonly ApprovalWord[]): ApprovalRecord[] =>
  words.map(({ approval, delegation }) => ({
    ...{ jobId, approval, delegation, approvalDigest: noDigest, storedAtMs: 0, ended: false },
  }));

const askingWith = (context: SignerContext, words: readonly ApprovalWord[]) => ({
  ...{ crypto: context.crypto, clock: context.clock, products: context.products },
  store: { listApprovals: async (jobId: Bytes) => rowsOf(jobId, words) },
});

/** As requireOrdered of the authority, on the approvals of the request. */
export const requireOrderedBy = (
  context: SignerContext,
  { job, approvals }: { job: JobTerms; approvals: readonly ApprovalWord[] },
  manifestDigest?: Bytes,
): Promise<void> => requireOrdered(askingWith(context, approvals), job, manifestDigest);

/** As requireSigned of the authority, on these approvals. */
export const requireSignedBy = (
  context: SignerContext,
  { job, approvals }: { job: JobTerms; approvals: readonly ApprovalWord[] },
  subject: Parameters<typeof requireSigned>[2],
): Promise<void> => requireSigned(askingWith(context, approvals), job, subject);

export const stopKeysOf = (product: string, thumbprint: Bytes, station?: string) => [
  { kind: 'product' as const, name: product },
  { kind: 'device' as const, name: toHex(thumbprint) },
  ...stopsOfStation(station),
];
