// The signer as a process of its own, as `firmseal authority signer` runs one: the owner's keys or a token,
// and a table of its own. Asked for its CPU time it says what it has used so far.

import {
  openPostgresSignerDatabase,
  openSigner,
  openSqliteSignerDatabase,
  type ProductKeys,
  parsePostgresUrl,
  serveSigner,
} from '@firmseal/authority';
import type { Owner } from '@firmseal/authority/testing';
import { type Bytes, Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import {
  type KeyRole,
  type OpenedKey,
  type Signer,
  signerOf,
  type Unwrapper,
  unwrapperOf,
} from '@firmseal/keys';
import { makeTokenKey, openTokenKey } from '@firmseal/pkcs11-adapter';

export interface SignerPlace {
  /** Path of its socket. */
  readonly socket: string;
  /** Path of its table, or address of a PostgreSQL database. */
  readonly table: string;
  /** Keys in a token: URIs of `issuer` and `kem`, which are made. */
  readonly token?: { readonly issuer: string; readonly kem: string; readonly pin: string };
}

/** Key pairs cross as they are: nothing of the benchmark's keys is secret. */
export type SignerMessage =
  | { readonly kind: 'keys'; readonly place: SignerPlace; readonly issuer: Pair; readonly kem: Pair }
  | { readonly kind: 'serve'; readonly product: ProductKeys }
  | { readonly kind: 'usage' };
type Pair = Owner['issuer'];

export interface PublicKeys {
  readonly issuer: Bytes;
  readonly kem: Bytes;
}

/** A key as the signer has it once its file is opened. */
const opened = (role: KeyRole, { publicKey, privateKey }: Pair): OpenedKey => ({
  ...{ role, publicKey, created: '', holder: new Secret(privateKey), close: () => undefined },
});

type Keys = { readonly issuer: Signer; readonly kem: Unwrapper };

async function keysOf({ place, issuer, kem }: SignerMessage & { kind: 'keys' }): Promise<Keys> {
  const { token } = place;
  if (token === undefined)
    return {
      issuer: signerOf(crypto, opened('license-issuer', issuer)),
      kem: unwrapperOf(crypto, opened('authority-kem', kem)),
    };
  const make = async (role: KeyRole, uri: string) => {
    const where = { uri, role, pin: new Secret(utf8(token.pin)) };
    await makeTokenKey(crypto, where);
    return openTokenKey(crypto, where);
  };
  return { issuer: await make('license-issuer', token.issuer), kem: await make('authority-kem', token.kem) };
}

let place: SignerPlace;
let keys: Keys;

async function answer(message: SignerMessage): Promise<unknown> {
  if (message.kind === 'usage') return process.cpuUsage();
  if (message.kind === 'keys') {
    place = message.place;
    keys = await keysOf(message);
    const { issuer, kem } = keys;
    return { issuer: Uint8Array.from(issuer.publicKey), kem: Uint8Array.from(kem.publicKey) };
  }
  const { table, socket } = place;
  const database = table.startsWith('postgresql:')
    ? await openPostgresSignerDatabase(parsePostgresUrl(table, { allowPassword: false }))
    : openSqliteSignerDatabase(table);
  const signer = await openSigner({ crypto, ...keys, database, products: [message.product] });
  await serveSigner({ path: socket, signer });
  return 'serving';
}

process.on('message', async (message: SignerMessage) => process.send?.(await answer(message)));
// Ends with the process that measures, however that ended.
process.once('disconnect', () => process.exit(0));
