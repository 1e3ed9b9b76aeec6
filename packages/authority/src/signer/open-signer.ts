// A signer put together: keys and roots' configuration checked, its table opened, what an older version
// counted taken over.

import { type Bytes, equalBytes } from '@firmseal/bytes';
import { encodeCbor } from '@firmseal/cbor-cose';
import { type Crypto, rememberVerified } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { Signer, Unwrapper } from '@firmseal/keys';
import type { NoteSigner } from '@firmseal/ledger';
import { type ProductKeys, type ProductTrust, verifyProduct } from '../service/authority.ts';
import type { Store } from '../store/store.ts';
import type { IssuingSigner, SignerView } from './issuing-signer.ts';
import { kemKeysOf } from './kem-keys.ts';
import { createKeySigner } from './key-signer.ts';
import type { ServedSigner } from './serve-signer.ts';
import { SharedContentKeys } from './shared-content-keys.ts';
import { signCheckpoint } from './sign-checkpoint.ts';
import type { SignerContext } from './signer-context.ts';
import type { SignerDatabase } from './signer-database.ts';
import { SignerTable } from './signer-table.ts';
import { SiteTable } from './site-table.ts';
import { takeOver } from './take-over.ts';

export interface SignerOptions {
  readonly crypto: Crypto;
  readonly issuer: Signer;
  readonly kem: Unwrapper;
  /** While the KEM key is replaced: the one before. */
  readonly previousKem?: Unwrapper | undefined;
  /** Certifies chips for sites; left out, nobody's chips are certified here. */
  readonly deviceCa?: Signer | undefined;
  readonly products: readonly ProductKeys[];
  /** Closed with the signer. */
  readonly database: SignerDatabase;
  readonly ledger?: NoteSigner | undefined;
  /** The database of an authority that counted without a signer; asked for when there is need. */
  readonly openStore?: (() => Promise<Store>) | undefined;
  readonly nowMs?: () => number;
}

export type OpenedSigner = IssuingSigner & ServedSigner & { close(): Promise<void> };

/** The configuration of a product as one digest: HTTP process and signer have to have the same. */
function productDigest(crypto: Pick<Crypto, 'sha256'>, keys: ProductKeys): Bytes {
  const { product, rootPublicKey, issuerDelegation, deviceCaDelegations } = keys;
  const { epochStatement, approvalPolicyObject } = keys;
  return crypto.sha256(
    encodeCbor([
      ...[product, rootPublicKey, issuerDelegation, [...deviceCaDelegations]],
      ...[epochStatement ?? null, approvalPolicyObject ?? null],
    ]),
  );
}

/** Throws `signer-keys-differ` for a product that the signer does not issue for in the same way. */
export function requireSameProducts(
  crypto: Pick<Crypto, 'sha256'>,
  products: readonly ProductKeys[],
  view: SignerView,
): void {
  for (const keys of products) {
    const other = view.products.find(({ product }) => product === keys.product);
    if (other === undefined || !equalBytes(other.digest, productDigest(crypto, keys)))
      throw new Fault('signer-keys-differ', { product: keys.product });
  }
}

/** Throws as verifyProduct, and the faults of both databases. */
export async function openSigner(options: SignerOptions): Promise<OpenedSigner> {
  const { issuer, kem, previousKem, deviceCa, database, ledger, openStore, nowMs = Date.now } = options;
  const crypto = rememberVerified(options.crypto);
  const trusts = options.products.map((keys): ProductTrust => verifyProduct(crypto, { ...keys, issuer }));
  const table = new SignerTable(database);
  if (await table.isNew()) {
    const store = await openStore?.();
    try {
      if (store) await takeOver({ crypto, nowMs }, store, table);
      else await table.markTakenOver();
    } finally {
      await store?.close();
    }
  }
  const kems = kemKeysOf(kem, previousKem);
  const context: SignerContext = {
    ...{ crypto, onceCrypto: options.crypto, clock: { nowMs }, kems, table, ledger, deviceCa },
    sites: new SiteTable(database),
    contentKeys: new SharedContentKeys({ crypto, kems }),
    products: new Map(trusts.map((trust) => [trust.product, trust])),
    issuers: new Map(trusts.map(({ product }) => [product, issuer])),
  };
  const view: SignerView = {
    kemPublicKey: new Uint8Array(kem.publicKey),
    products: options.products.map((keys) => ({
      product: keys.product,
      digest: productDigest(crypto, keys),
    })),
    ...(ledger ? { ledger: { origin: ledger.key.name, publicKey: ledger.key.publicKey as Bytes } } : {}),
  };
  return {
    ...createKeySigner(context),
    describe: async () => view,
    signCheckpoint: (request) => signCheckpoint(context, request),
    close: () => table.close(),
  };
}
