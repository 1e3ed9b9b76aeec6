// A signer in the process of its authority, for tests, demonstrations and virtual lines: the same checks, on
// a table in memory that is filled from the store when it is asked first.

import type { Crypto } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { Signer, Unwrapper } from '@firmseal/keys';
import type { ProductTrust } from '../service/authority.ts';
import type { Store } from '../store/store.ts';
import type { IssuingSigner } from './issuing-signer.ts';
import { kemKeysOf } from './kem-keys.ts';
import { createKeySigner } from './key-signer.ts';
import { SharedContentKeys } from './shared-content-keys.ts';
import { openSqliteSignerDatabase } from './signer-database.ts';
import { SignerTable } from './signer-table.ts';
import { SiteTable } from './site-table.ts';
import { takeOver } from './take-over.ts';

export function createEmbeddedSigner(inputs: {
  readonly store: Store;
  readonly crypto: Crypto;
  readonly kem: Unwrapper | undefined;
  readonly previousKem: Unwrapper | undefined;
  readonly deviceCa: Signer | undefined;
  readonly clock: { nowMs(): number };
  readonly products: ReadonlyMap<string, ProductTrust>;
}): IssuingSigner {
  const { store, crypto, kem, previousKem, deviceCa, clock, products } = inputs;
  const open = async (): Promise<IssuingSigner> => {
    if (kem === undefined) throw new Fault('authority-signer-away', { reason: 'this process has no keys' });
    const database = openSqliteSignerDatabase(':memory:');
    const table = new SignerTable(database);
    await takeOver({ crypto, nowMs: clock.nowMs }, store, table);
    const kems = kemKeysOf(kem, previousKem);
    const contentKeys = new SharedContentKeys({ crypto, kems });
    const issuers = new Map<string, Signer>();
    for (const { product, issuer } of products.values()) if (issuer) issuers.set(product, issuer);
    return createKeySigner({
      crypto,
      onceCrypto: crypto,
      clock,
      kems,
      contentKeys,
      products,
      issuers,
      table,
      sites: new SiteTable(database),
      deviceCa,
    });
  };
  let opened: Promise<IssuingSigner> | undefined;
  const ask = (): Promise<IssuingSigner> => {
    opened ??= open().catch((fault) => {
      opened = undefined;
      throw fault;
    });
    return opened;
  };
  return {
    kemPublicKey: async () => (await ask()).kemPublicKey(),
    ready: async () => undefined,
    checkContentKey: async (request) => (await ask()).checkContentKey(request),
    verifyChip: async (request) => (await ask()).verifyChip(request),
    issue: async (request) => (await ask()).issue(request),
    countUnit: async (request) => (await ask()).countUnit(request),
    voidUnit: async (request) => (await ask()).voidUnit(request),
    setStop: async (stop) => (await ask()).setStop(stop),
    liftStop: async (key) => (await ask()).liftStop(key),
    endJob: async (request) => (await ask()).endJob(request),
    signBatch: async (request) => (await ask()).signBatch(request),
    setSiteCap: async (request) => (await ask()).setSiteCap(request),
    listSites: async () => (await ask()).listSites(),
    challengeForSite: async (request) => (await ask()).challengeForSite(request),
    certifyDevice: async (request) => (await ask()).certifyDevice(request),
    openWebhookSecret: async (request) => (await ask()).openWebhookSecret(request),
    rewrap: async (request) => (await ask()).rewrap(request),
  };
}
