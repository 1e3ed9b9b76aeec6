// The package signer's part of a seal, the same for firmware and agents: the package in parts, and its
// content key wrapped for the authority.

import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto } from '@firmseal/crypto-node';
import { refuseKnownTestKeys, signerOf } from '@firmseal/keys';
import { sealContentKey } from '@firmseal/license';
import { type SealInputs, sealPackage } from '@firmseal/seal';
import type { Face } from './face.ts';
import { readInput } from './files.ts';
import { readPublicKey } from './public-key-file.ts';
import { withKey } from './secret-files.ts';

/** Paths, as the options of the commands name them. */
export interface SignerOptions {
  readonly signer: string;
  readonly passphraseFile?: string | undefined;
  readonly delegation: string;
  readonly rootKey: string;
  readonly authorityKey: string;
  readonly epochStatement?: string | undefined;
  readonly succession: readonly string[];
}

/** Rejects with what withKey, refuseKnownTestKeys and sealPackage throw. */
export async function sealFor(
  face: Face,
  content: Pick<SealInputs, 'core' | 'areas'>,
  options: SignerOptions,
): Promise<{ parts: readonly Bytes[]; wrappedKey: Bytes }> {
  const { signer: file, passphraseFile, epochStatement } = options;
  const rootPublicKey = readPublicKey(options.rootKey);
  const authorityKemKey = readPublicKey(options.authorityKey);
  const delegation = readInput(options.delegation);
  const carried = {
    ...(epochStatement === undefined ? {} : { epoch: readInput(epochStatement) }),
    successions: options.succession.map(readInput),
  };
  const role = 'package-signer';
  const sealed = await withKey(face, { file, role, what: 'the signer key', passphraseFile }, (key) => {
    for (const publicKey of [rootPublicKey, authorityKemKey, key.publicKey]) refuseKnownTestKeys(publicKey);
    const signer = signerOf(nodeCrypto, key);
    return sealPackage(nodeCrypto, { ...content, signer, delegation, rootPublicKey, ...carried });
  });
  const { parts, contentKey, manifestDigest } = sealed;
  const wrappedKey = sealContentKey(nodeCrypto, { contentKey, manifestDigest, authorityKemKey });
  contentKey.wipe();
  return { parts, wrappedKey };
}
