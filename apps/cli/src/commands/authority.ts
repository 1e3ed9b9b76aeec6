// `firmseal authority`: its folder (keys, products, database) and the server.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  createAuthority,
  createToken,
  openSqliteStore,
  type ProductKeys,
  serveAuthority,
  verifyProduct,
} from '@firmseal/authority';
import { nodeCrypto } from '@firmseal/crypto-node';
import { createKeyFile, openKeyFile, refuseKnownTestKeys, signerOf, unwrapperOf } from '@firmseal/keys';
import { readInput, refuseExisting, writeOutput, writeText } from '../files.ts';
import { readHostPort } from '../numbers.ts';
import { readPassphrase } from '../passphrase.ts';
import { readPublicKey, writePublicKey } from '../public-key-file.ts';

const files = {
  issuer: 'issuer.key',
  kem: 'kem.key',
  database: 'authority.sqlite',
  ownerToken: 'owner.token',
  products: 'products',
  root: 'root.pub',
  issuerDelegation: 'issuer.delegation',
  deviceCaDelegation: 'device-ca.delegation',
  epoch: 'epoch-statement',
} as const;

const openStore = (folder: string) =>
  openSqliteStore({ path: join(folder, files.database), crypto: nodeCrypto });

export async function init(folder: string, { passphraseFile }: { passphraseFile?: string }): Promise<void> {
  mkdirSync(join(folder, files.products), { recursive: true, mode: 0o700 });
  const tokenPath = join(folder, files.ownerToken);
  refuseExisting(tokenPath);
  const passphrase = await readPassphrase('the keys of the authority', passphraseFile);
  for (const [name, role] of [
    [files.issuer, 'license-issuer'],
    [files.kem, 'authority-kem'],
  ] as const) {
    const path = join(folder, name);
    const { publicKey } = await createKeyFile(nodeCrypto, { path, role, passphrase, now: new Date() });
    writePublicKey(`${path}.pub`, publicKey);
  }
  const store = openStore(folder);
  const kem = { publicKey: new Uint8Array(65), ecdh: async () => undefined };
  const authority = createAuthority({ store, crypto: nodeCrypto, kem, products: [] });
  const { token } = await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' });
  writeText(tokenPath, `${token}\n`, 0o600);
  await store.close();
  process.stdout.write(
    `${folder}: authority made.\n  ${join(folder, files.issuer)}.pub: have the root delegate it (keys delegate --role license-issuer)\n` +
      `  ${join(folder, files.kem)}.pub: give it to whoever seals\n  ${tokenPath}: token of the owner\n`,
  );
}

interface ProductOptions {
  product: string;
  rootKey: string;
  issuerDelegation: string;
  deviceCaDelegation: string;
  epochStatement?: string;
}

/** The configuration of one product, as its folder holds it; `issuer` signs only when the server runs. */
function readProduct(folder: string, product: string, issuer: ProductKeys['issuer']): ProductKeys {
  const at = (name: string) => join(folder, files.products, product, name);
  const epochFile = readdirSync(at('.')).includes(files.epoch);
  return {
    product,
    rootPublicKey: readPublicKey(at(files.root)),
    issuer,
    issuerDelegation: readInput(at(files.issuerDelegation)),
    deviceCaDelegations: [readInput(at(files.deviceCaDelegation))],
    ...(epochFile ? { epochStatement: readInput(at(files.epoch)) } : {}),
  };
}

export async function addProduct(folder: string, options: ProductOptions): Promise<void> {
  const { product } = options;
  const rootPublicKey = readPublicKey(options.rootKey);
  refuseKnownTestKeys(rootPublicKey);
  const publicKey = readPublicKey(join(folder, `${files.issuer}.pub`));
  const keys: ProductKeys = {
    product,
    rootPublicKey,
    issuer: { publicKey, sign: async () => new Uint8Array(0) },
    issuerDelegation: readInput(options.issuerDelegation),
    deviceCaDelegations: [readInput(options.deviceCaDelegation)],
    ...(options.epochStatement === undefined ? {} : { epochStatement: readInput(options.epochStatement) }),
  };
  verifyProduct(nodeCrypto, keys);
  const at = (name: string) => join(folder, files.products, product, name);
  mkdirSync(at('.'), { recursive: true, mode: 0o700 });
  writePublicKey(at(files.root), rootPublicKey);
  writeOutput(at(files.issuerDelegation), [keys.issuerDelegation]);
  writeOutput(at(files.deviceCaDelegation), keys.deviceCaDelegations);
  if (keys.epochStatement !== undefined) writeOutput(at(files.epoch), [keys.epochStatement]);
  process.stdout.write(`${folder}: issues licenses for ${product} when it serves next\n`);
}

interface ServeOptions {
  listen: string;
  passphraseFile?: string;
  json?: boolean;
}

/** Serves until it is asked to stop (SIGINT, SIGTERM). */
export async function serve(folder: string, options: ServeOptions): Promise<void> {
  const { host, port } = readHostPort(options.listen, '--listen');
  const passphrase = await readPassphrase('the keys of the authority', options.passphraseFile);
  const open = (name: string) => openKeyFile(nodeCrypto, { path: join(folder, name), passphrase });
  const [issuerKey, kemKey] = [await open(files.issuer), await open(files.kem)];
  const issuer = signerOf(nodeCrypto, issuerKey);
  const products = readdirSync(join(folder, files.products)).map((product) =>
    readProduct(folder, product, issuer),
  );
  const store = openStore(folder);
  const authority = createAuthority({
    store,
    crypto: nodeCrypto,
    kem: unwrapperOf(nodeCrypto, kemKey),
    products,
  });
  const running = await serveAuthority({ authority, host, port });
  const ready = { event: 'serving', url: running.url, products: products.map(({ product }) => product) };
  process.stdout.write(
    options.json
      ? `${JSON.stringify(ready)}\n`
      : `authority serves ${ready.products.join(', ') || 'no product yet'} at ${running.url}\n`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await running.stop();
  await store.close();
  issuerKey.privateKey.wipe();
  kemKey.privateKey.wipe();
}
