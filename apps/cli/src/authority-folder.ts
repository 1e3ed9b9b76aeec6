// The folder of an authority: its keys, its database, and a folder for each product with what the root
// delegated. Who makes it and who serves from it are commands/authority.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore, type ProductKeys } from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { readInput, writeOutput } from './files.ts';
import { readPublicKey, writePublicKey } from './public-key-file.ts';

const names = {
  issuer: 'issuer.key',
  kem: 'kem.key',
  database: 'authority.sqlite',
  ownerToken: 'owner.token',
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
});

export const openAuthorityStore = (folder: string) =>
  openSqliteStore({ path: join(folder, names.database), crypto: nodeCrypto });

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

/** All products of the folder; `issuer` signs their licenses. */
export const readProducts = (folder: string, issuer: ProductKeys['issuer']): ProductKeys[] =>
  readdirSync(join(folder, names.products)).map((product) => readProduct(folder, product, issuer));

/** Puts a product's configuration where readProducts finds it. */
export function writeProduct(folder: string, keys: ProductKeys): void {
  const at = (name: string) => join(folder, names.products, keys.product, name);
  mkdirSync(at('.'), { recursive: true, mode: 0o700 });
  writePublicKey(at(productNames.root), keys.rootPublicKey);
  writeOutput(at(productNames.issuerDelegation), [keys.issuerDelegation]);
  writeOutput(at(productNames.deviceCaDelegation), keys.deviceCaDelegations);
  if (keys.epochStatement !== undefined) writeOutput(at(productNames.epoch), [keys.epochStatement]);
}
