// A new authority in an empty folder: its two keys, its database, and the token of its owner.

import { chmodSync, mkdirSync } from 'node:fs';
import { createToken } from '@firmseal/authority';
import { type Bytes, type Secret, utf8 } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { writeNewFiles } from '@firmseal/files';
import { makeKey, type ScryptCost } from '@firmseal/keys';
import { authorityPaths, openLocalAuthority } from './authority-folder.ts';
import { publicKeyFile } from './public-key-file.ts';

/** Makes the database and in it the token of the owner; returns the token's text. */
async function makeStore(folder: string): Promise<string> {
  const authority = await openLocalAuthority(folder);
  try {
    return (await createToken(authority, { scope: 'owner', label: 'owner', by: 'local' })).token;
  } finally {
    await authority.store.close();
  }
}

export interface NewAuthority {
  readonly issuerPublicKey: Bytes;
  readonly kemPublicKey: Bytes;
}

/**
 * Fills the folder. Its files are readable by their owner only. `scryptCost` is for tests. Throws what
 * writeNewFiles and the store throw.
 */
export async function makeAuthority(
  folder: string,
  passphrase: Secret,
  { scryptCost }: { scryptCost?: ScryptCost } = {},
): Promise<NewAuthority> {
  const paths = authorityPaths(folder);
  chmodSync(folder, 0o700);
  mkdirSync(paths.products, { mode: 0o700 });
  const make = async (path: string, role: 'license-issuer' | 'authority-kem'): Promise<Bytes> => {
    const cost = scryptCost === undefined ? {} : { scryptCost };
    const { info, file } = await makeKey(nodeCrypto, { role, passphrase, now: new Date(), ...cost });
    writeNewFiles([
      { path: `${path}.pub`, parts: [publicKeyFile(info.publicKey)] },
      { path, parts: [file], mode: 0o600 },
    ]);
    return info.publicKey as Bytes;
  };
  const issuerPublicKey = await make(paths.issuer, 'license-issuer');
  const kemPublicKey = await make(paths.kem, 'authority-kem');
  const token = await makeStore(folder);
  writeNewFiles([{ path: paths.ownerToken, parts: [utf8(`${token}\n`)], mode: 0o600 }]);
  return { issuerPublicKey, kemPublicKey };
}
