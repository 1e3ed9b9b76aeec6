// The root's private key, opened for one signature or a few.

import { nodeCrypto } from '@firmseal/crypto-node';
import { openKeyFile, type Signer, signerOf } from '@firmseal/keys';
import { readPassphrase } from './passphrase.ts';
import type { Shell } from './shell.ts';

/**
 * Opens the root key file, lets `use` sign, and wipes the key whatever happens.
 * Throws what openKeyFile throws.
 */
export async function withRootKey<T>(
  shell: Shell,
  { root, passphraseFile }: { root: string; passphraseFile?: string | undefined },
  use: (signer: Signer) => Promise<T>,
): Promise<T> {
  const passphrase = await readPassphrase(shell, `the root key ${root}`, passphraseFile);
  const key = await openKeyFile(nodeCrypto, { path: root, passphrase, role: 'root' });
  try {
    return await use(signerOf(nodeCrypto, key));
  } finally {
    key.privateKey.wipe();
  }
}
