// The folder of an authority: its keys, its database, and a file for each product with what the root
// delegated. Who makes it and who serves from it are commands/authority.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore, type ProductKeys } from '@firmseal/authority';
import { type Bytes, fromBase64url, toBase64url, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { readBoundedFile, writeWholeFile } from '@firmseal/files';
import { z } from 'zod';

/** Paths of what stands in the folder. */
export const authorityPaths = (folder: string) => ({
  issuer: join(folder, 'issuer.key'),
  kem: join(folder, 'kem.key'),
  ownerToken: join(folder, 'owner.token'),
  products: join(folder, 'products'),
});

export const openAuthorityStore = (folder: string) =>
  openSqliteStore({ path: join(folder, 'authority.sqlite'), crypto: nodeCrypto });

const productFormat = 'firmseal-product-1';
const productBytesAtMost = 64 * 1024;
const ending = '.json';

const base64url = z.string().transform((text, context): Bytes => {
  const bytes = fromBase64url(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'base64url without padding is due' });
  return z.NEVER;
});

const productFile = z.strictObject({
  format: z.literal(productFormat),
  product: z.string().min(1).max(32),
  rootPublicKey: base64url,
  issuerDelegation: base64url,
  deviceCaDelegations: z.array(base64url).min(1),
  epochStatement: base64url.optional(),
});

/** Throws `product-file-malformed`, and what readBoundedFile does. */
function readProduct(path: string, issuer: ProductKeys['issuer']): ProductKeys {
  const text = new TextDecoder().decode(readBoundedFile(path, productBytesAtMost));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Fault('product-file-malformed', { file: path, problem: 'it is not JSON' }, { cause });
  }
  const { success, data, error } = productFile.safeParse(json);
  if (!success) {
    const { path: field, message } = error.issues[0]!;
    throw new Fault('product-file-malformed', { file: path, problem: `${field.join('.')}: ${message}` });
  }
  const { format: _, epochStatement, ...keys } = data;
  return { ...keys, issuer, ...(epochStatement === undefined ? {} : { epochStatement }) };
}

/** All products of the folder; `issuer` signs their licenses. Other files there are left alone. */
export function readProducts(folder: string, issuer: ProductKeys['issuer']): ProductKeys[] {
  const { products } = authorityPaths(folder);
  const names = readdirSync(products).filter((name) => name.endsWith(ending) && !name.startsWith('.'));
  return names.sort().map((name) => readProduct(join(products, name), issuer));
}

/** Puts a product's configuration where readProducts finds it, in place of an earlier one. */
export function writeProduct(folder: string, keys: ProductKeys): void {
  const { product, rootPublicKey, issuerDelegation, deviceCaDelegations, epochStatement } = keys;
  const content: z.input<typeof productFile> = {
    ...{ format: productFormat, product, rootPublicKey: toBase64url(rootPublicKey) },
    issuerDelegation: toBase64url(issuerDelegation),
    deviceCaDelegations: deviceCaDelegations.map((one) => toBase64url(one)),
    ...(epochStatement === undefined ? {} : { epochStatement: toBase64url(epochStatement) }),
  };
  const { products } = authorityPaths(folder);
  mkdirSync(products, { recursive: true, mode: 0o700 });
  writeWholeFile(join(products, `${product}${ending}`), [utf8(`${JSON.stringify(content, null, 2)}\n`)]);
}
