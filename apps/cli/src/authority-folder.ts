// The folder of an authority: its keys, its database, and a folder for each product with what the root
// delegated. Who makes it and who serves from it are commands/authority.

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Authority,
  createAuthority,
  type HeadFile,
  openSqliteStore,
  type ProductKeys,
} from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { isProductName, requireProductName } from '@firmseal/formats';
import { readInput, readText, writeOutput, writeText } from './files.ts';
import { readPublicKey, writePublicKey } from './public-key-file.ts';

const names = {
  issuer: 'issuer.key',
  kem: 'kem.key',
  database: 'authority.sqlite',
  ownerToken: 'owner.token',
  head: 'log.head',
  products: 'products',
} as const;

const productNames = {
  root: 'root.pub',
  issuerDelegation: 'issuer.delegation',
  deviceCaDelegation: 'device-ca.delegation',
  epoch: 'epoch-statement',
} as const;

/** Paths of what stands in the folder. */
export const authorityPaths = (folder: string) => ({
  issuer: join(folder, names.issuer),
  kem: join(folder, names.kem),
  ownerToken: join(folder, names.ownerToken),
  products: join(folder, names.products),
  head: join(folder, names.head),
});

export const openAuthorityStore = (folder: string) =>
  openSqliteStore({ path: join(folder, names.database), crypto: nodeCrypto });

/** The authority for what needs no key: tokens. Close its store. */
export function openLocalAuthority(folder: string): Promise<Authority> {
  const kem = { publicKey: new Uint8Array(65), ecdh: async () => undefined };
  return createAuthority({ store: openAuthorityStore(folder), crypto: nodeCrypto, kem, products: [] });
}

/** The head of the log as the authority noted it last. */
export const headFile = (path: string): HeadFile => ({
  read: () => (existsSync(path) ? readText(path) : undefined),
  write: (text) => writeText(path, text, 0o600),
});

/** The configuration of one product, as its folder holds it. */
function readProduct(folder: string, product: string, issuer: ProductKeys['issuer']): ProductKeys {
  const at = (name: string) => join(folder, names.products, product, name);
  const hasEpoch = readdirSync(at('.')).includes(productNames.epoch);
  return {
    product,
    rootPublicKey: readPublicKey(at(productNames.root)),
    issuer,
    issuerDelegation: readInput(at(productNames.issuerDelegation)),
    deviceCaDelegations: [readInput(at(productNames.deviceCaDelegation))],
    ...(hasEpoch ? { epochStatement: readInput(at(productNames.epoch)) } : {}),
  };
}

/** All products of the folder, and whatever else lies there; `issuer` signs their licenses. */
export function readProducts(
  folder: string,
  issuer: ProductKeys['issuer'],
): { products: ProductKeys[]; ignored: string[] } {
  const entries = readdirSync(join(folder, names.products), { withFileTypes: true });
  const isProduct = (entry: (typeof entries)[number]) => entry.isDirectory() && isProductName(entry.name);
  return {
    products: entries.filter(isProduct).map(({ name }) => readProduct(folder, name, issuer)),
    ignored: entries.filter((entry) => !isProduct(entry)).map(({ name }) => name),
  };
}

/** Puts a product's configuration where readProducts finds it. */
export function writeProduct(folder: string, keys: ProductKeys): void {
  requireProductName(keys.product); // it becomes part of a path
  const at = (name: string) => join(folder, names.products, keys.product, name);
  mkdirSync(at('.'), { recursive: true, mode: 0o700 });
  writePublicKey(at(productNames.root), keys.rootPublicKey);
  writeOutput(at(productNames.issuerDelegation), [keys.issuerDelegation]);
  writeOutput(at(productNames.deviceCaDelegation), keys.deviceCaDelegations);
  if (keys.epochStatement !== undefined) writeOutput(at(productNames.epoch), [keys.epochStatement]);
}
