// The folder of an authority: its keys, its database, and a file for each product with what the root
// delegated. Who makes it and who serves from it are commands/authority.

import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Authority,
  createAuthority,
  type HeadFile,
  openPostgresStore,
  openSqliteStore,
  type PostgresAddress,
  type ProductKeys,
  parsePostgresUrl,
  type Store,
} from '@firmseal/authority';
import { type Bytes, fromBase64url, toBase64url, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import { faultOfFile, readBoundedFile, writeWholeFile } from '@firmseal/files';
import { isProductName, requireProductName } from '@firmseal/formats';
import { z } from 'zod';
import { readText } from './files.ts';
import { readJsonFile } from './json-file.ts';

/** Paths of what stands in the folder. */
export const authorityPaths = (folder: string) => ({
  issuer: join(folder, 'issuer.key'),
  kem: join(folder, 'kem.key'),
  /** The KEM key before the present one, while it is replaced. */
  previousKem: join(folder, 'kem-previous.key'),
  /** The KEM key that takes the place of the present one, until it has. */
  nextKem: join(folder, 'kem-next.key'),
  /** Certifies chips for sites, where it is there. */
  deviceCa: join(folder, 'device-ca.key'),
  ownerToken: join(folder, 'owner.token'),
  products: join(folder, 'products'),
  head: join(folder, 'log.head'),
  database: join(folder, 'authority.sqlite'),
  /** Address of a PostgreSQL database; where the file is, that database is the one in force. */
  databaseUrl: join(folder, 'database.url'),
  /** What the signer counted; only the signer opens it. */
  signerTable: join(folder, 'signer.sqlite'),
  /** Address of a PostgreSQL database for the signer's table, with a role of its own. */
  signerUrl: join(folder, 'signer-database.url'),
});

const urlBytesAtMost = 4096;

/**
 * Reads an address that may hold a password. Throws `database-url-invalid` and what reading a file throws.
 */
export const readDatabaseUrl = (path: string): PostgresAddress =>
  parsePostgresUrl(Buffer.from(readBoundedFile(path, urlBytesAtMost)).toString(), { allowPassword: true });

/** The PostgreSQL database of the folder; undefined where the authority runs on SQLite. */
export function databaseOf(folder: string): PostgresAddress | undefined {
  const { databaseUrl } = authorityPaths(folder);
  return existsSync(databaseUrl) ? readDatabaseUrl(databaseUrl) : undefined;
}

/** Faults of the store that it opens, and those of readDatabaseUrl. */
export async function openAuthorityStore(folder: string): Promise<Store> {
  const address = databaseOf(folder);
  return address === undefined
    ? openSqliteStore({ path: authorityPaths(folder).database, crypto: nodeCrypto })
    : openPostgresStore({ address, crypto: nodeCrypto });
}

/** The authority for what needs no key: tokens. Close its store. */
export async function openLocalAuthority(folder: string): Promise<Authority> {
  const kem = { publicKey: new Uint8Array(65), ecdh: async () => undefined };
  const store = await openAuthorityStore(folder);
  return createAuthority({ store, crypto: nodeCrypto, kem, products: [] });
}

/** The head of the log as the authority noted it last. */
export const headFile = (path: string): HeadFile => ({
  read: () => (existsSync(path) ? readText(path) : undefined),
  write: (text) => writeWholeFile(path, [utf8(text)], { mode: 0o600 }),
});

const productFormat = 'firmseal-product-1';
const ending = '.json';

const base64url = z.string().transform((text, context): Bytes => {
  const bytes = fromBase64url(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'it is no base64url without padding' });
  return z.NEVER;
});

const productFile = z.strictObject({
  format: z.literal(productFormat),
  product: z.string().refine(isProductName, 'it is no name of a product'),
  rootPublicKey: base64url,
  issuerDelegation: base64url,
  deviceCaDelegations: z.array(base64url).min(1),
  epochStatement: base64url.optional(),
  approvalPolicy: base64url.optional(),
});

/** Any JSON: of another program, or of a product under another name, a copy that somebody keeps. */
const anyFile = z.unknown().transform((value): { format?: unknown; product?: unknown } => Object(value));

/** Also by a symbolic link. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Undefined for a file that does not hold a product of that name. */
function readProduct(folder: string, name: string): ProductKeys | undefined {
  const product = name.slice(0, -ending.length);
  const path = join(folder, name);
  if (!name.endsWith(ending) || !isProductName(product) || !isFile(path)) return undefined;
  const any = readJsonFile(path, anyFile);
  if ('data' in any && (any.data.format !== productFormat || any.data.product !== product)) return undefined;
  const read = readJsonFile(path, productFile);
  if ('problem' in read) throw new Fault('product-file-malformed', { file: path, problem: read.problem });
  const { format: _, epochStatement, approvalPolicy, ...keys } = read.data;
  return {
    ...keys,
    ...(epochStatement === undefined ? {} : { epochStatement }),
    ...(approvalPolicy === undefined ? {} : { approvalPolicyObject: approvalPolicy }),
  };
}

/**
 * All products of the folder, and whatever else lies there. Throws
 * `product-file-malformed` for one that is damaged, and what readBoundedFile does.
 */
export function readProducts(folder: string): { products: ProductKeys[]; ignored: string[] } {
  const { products } = authorityPaths(folder);
  const found: ProductKeys[] = [];
  const ignored: string[] = [];
  try {
    for (const name of existsSync(products) ? readdirSync(products).sort() : []) {
      const keys = readProduct(products, name);
      if (keys === undefined) ignored.push(name);
      else found.push(keys);
    }
  } catch (error) {
    throw faultOfFile(error, products, 'read');
  }
  return { products: found, ignored };
}

/** Puts a product's configuration where readProducts finds it, in place of an earlier one. */
export function writeProduct(folder: string, keys: ProductKeys): void {
  const { product, rootPublicKey, issuerDelegation, deviceCaDelegations, epochStatement } = keys;
  const { approvalPolicyObject: policy } = keys;
  requireProductName(product); // it becomes part of a path
  const content: z.input<typeof productFile> = {
    ...{ format: productFormat, product, rootPublicKey: toBase64url(rootPublicKey) },
    issuerDelegation: toBase64url(issuerDelegation),
    deviceCaDelegations: deviceCaDelegations.map((one) => toBase64url(one)),
    ...(epochStatement === undefined ? {} : { epochStatement: toBase64url(epochStatement) }),
    ...(policy === undefined ? {} : { approvalPolicy: toBase64url(policy) }),
  };
  const { products } = authorityPaths(folder);
  try {
    if (!existsSync(products)) mkdirSync(products, { mode: 0o700 });
  } catch (error) {
    throw faultOfFile(error, products, 'written');
  }
  writeWholeFile(join(products, `${product}${ending}`), [utf8(`${JSON.stringify(content, null, 2)}\n`)]);
}
