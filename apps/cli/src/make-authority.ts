// A new authority in an empty folder: its two keys, its database, and the token of its owner.

import { chmodSync, mkdirSync } from 'node:fs';
import { createToken, keepHead } from '@firmseal/authority';
import { type Bytes, type Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { writeNewFiles } from '@firmseal/files';
import { makeKey, type ScryptCost, tokenKeyFile } from '@firmseal/keys';
import { authorityPaths, headFile, openLocalAuthority } from './authority-folder.ts';
import { publicKeyFile } from './public-key-file.ts';

/** Makes the database and in it the token of the owner; returns the token's text. */
async function makeStore(folder: string): Promise<string> {
  const authority = await openLocalAuthority(folder);
  try {
    const { token } = await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' });
    await keepHead(authority.store, headFile(authorityPaths(folder).head));
    return token;
  } finally {
    await authority.store.close();
  }
}

export interface NewAuthority {
  readonly issuerPublicKey: Bytes;
  readonly kemPublicKey: Bytes;
}

/** Where keys are made that are not to be in files: `pkcs11:` URIs. */
export interface AuthorityTokens {
  readonly issuer?: string | undefined;
  readonly kem?: string | undefined;
}

/** Makes a key in a file, or in a token that the file then names. */
export async function makeKeyOf(
  role: 'license-issuer' | 'authority-kem',
  { uri, passphrase, ...cost }: { uri: string | undefined; passphrase: Secret; scryptCost?: ScryptCost },
) {
  const now = new Date();
  if (uri === undefined) {
    const { info, file } = await makeKey(nodeCrypto, { role, passphrase, now, ...cost });
    return { publicKey: info.publicKey, file };
  }
  const { makeTokenKey } = await import('@firmseal/pkcs11-adapter');
  const { publicKey } = await makeTokenKey(nodeCrypto, { uri, pin: passphrase, role });
  return { publicKey, file: tokenKeyFile({ role, publicKey, uri, now }) };
}

/**
 * Fills the folder. Its files are readable by their owner only. `passphrase` is the PIN of the tokens, too;
 * `scryptCost` is for tests. Throws what writeNewFiles, the store and makeTokenKey throw.
 */
export async function makeAuthority(
  folder: string,
  passphrase: Secret,
  { scryptCost, tokens = {} }: { scryptCost?: ScryptCost; tokens?: AuthorityTokens } = {},
): Promise<NewAuthority> {
  const paths = authorityPaths(folder);
  chmodSync(folder, 0o700);
  mkdirSync(paths.products, { mode: 0o700 });
  const make = async (path: string, role: 'license-issuer' | 'authority-kem', uri: string | undefined) => {
    const cost = scryptCost === undefined ? {} : { scryptCost };
    const { publicKey, file } = await makeKeyOf(role, { uri, passphrase, ...cost });
    writeNewFiles([
      { path: `${path}.pub`, parts: [publicKeyFile(publicKey)] },
      { path, parts: [file], mode: 0o600 },
    ]);
    return publicKey as Bytes;
  };
  const issuerPublicKey = await make(paths.issuer, 'license-issuer', tokens.issuer);
  const kemPublicKey = await make(paths.kem, 'authority-kem', tokens.kem);
  const token = await makeStore(folder);
  writeNewFiles([{ path: paths.ownerToken, parts: [utf8(`${token}\n`)], mode: 0o600 }]);
  return { issuerPublicKey, kemPublicKey };
}
