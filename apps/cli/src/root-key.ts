// The root's private key, opened for one signature or a few.

import { nodeCrypto } from '@firmseal/crypto-node';
import { type Signer, signerOf } from '@firmseal/keys';
import type { Face } from './face.ts';
import { withKey } from './secret-files.ts';

/** Opens the root key file, lets `use` sign, and wipes the key. Throws what withKey throws. */
export const withRootKey = <T>(
  face: Face,
  { root, passphraseFile }: { root: string; passphraseFile?: string | undefined },
  use: (signer: Signer) => Promise<T>,
): Promise<T> =>
  withKey(face, { file: root, role: 'root', what: 'the root key', passphraseFile }, (key) =>
    use(signerOf(nodeCrypto, key)),
  );
