// How the content key travels from the owner's desk to the authority, and how the authority keeps it: wrapped
// to the authority's KEM key and bound to its package. spec/license.md section 3.

import { type Bytes, equalBytes, Secret, utf8 } from '@firmseal/bytes';
import { byteString, encodeCbor, oneOf, tuple } from '@firmseal/cbor-cose';
import type { Crypto, KeyPair } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import { bytes32, pointBytes, readItem, readValue } from '@firmseal/formats';
import { type HpkeUnwrapper, hpkeOpenWith, hpkeSeal } from '@firmseal/hpke';
import { type Manifest, openContentKeys } from '@firmseal/seal';

const info = utf8('firmseal/1 content-key');
const four = tuple(oneOf(1), bytes32, pointBytes, byteString(48));

/** The file, 153 bytes. Throws `hpke-recipient-invalid`. `ephemeral` is for test vectors alone. */
export function sealContentKey(
  crypto: Crypto,
  inputs: {
    contentKey: Secret;
    manifestDigest: Uint8Array;
    authorityKemKey: Uint8Array;
    ephemeral?: KeyPair;
  },
): Bytes {
  const { contentKey, manifestDigest, authorityKemKey, ephemeral } = inputs;
  const { enc, sealed } = hpkeSeal(crypto, {
    recipientPublicKey: authorityKemKey,
    info,
    aad: manifestDigest,
    plaintext: contentKey.expose(),
    ...(ephemeral ? { ephemeral } : {}),
  });
  return contentKeyFileOf(Uint8Array.from(manifestDigest), { enc, sealed });
}

function readContentKeyFile(file: Uint8Array) {
  const value = readItem(file, 'content-key-malformed');
  const [, manifestDigest, enc, sealed] = readValue(value, 'content-key-malformed', 'content-key file', four);
  return { manifestDigest, enc, sealed };
}

/** Which package the file belongs to, 32 bytes. Throws `content-key-malformed`. */
export function contentKeyManifestDigest(file: Uint8Array): Bytes {
  return readContentKeyFile(file).manifestDigest;
}

/** What is wrapped in the file; `aad` is the digest of its manifest. Throws `content-key-malformed`. */
export function contentKeyMessage(file: Uint8Array): { enc: Bytes; info: Bytes; aad: Bytes; sealed: Bytes } {
  const { manifestDigest: aad, enc, sealed } = readContentKeyFile(file);
  return { enc, info, aad, sealed };
}

/** The file of a content key that was wrapped with the info and aad of contentKeyMessage. */
export const contentKeyFileOf = (
  manifestDigest: Bytes,
  { enc, sealed }: { enc: Bytes; sealed: Bytes },
): Bytes => encodeCbor([1, manifestDigest, enc, sealed]);

/**
 * The content key of a package. Anyone can wrap a key for any package, so it is returned only when it is the
 * one that the manifest commits to. The caller wipes it. Throws `content-key-malformed`,
 * `content-key-package-wrong`, `content-key-unwrap-failed`, `key-commitment-wrong`.
 */
export async function openContentKey(
  crypto: Crypto,
  inputs: { file: Uint8Array; manifest: Manifest; unwrapper: HpkeUnwrapper },
): Promise<Secret> {
  const { file, manifest, unwrapper } = inputs;
  const { manifestDigest, enc, sealed } = readContentKeyFile(file);
  if (!equalBytes(manifestDigest, manifest.digest)) throw new Fault('content-key-package-wrong');
  const plaintext = await hpkeOpenWith(crypto, { unwrapper, enc, info, aad: manifestDigest, sealed });
  if (!plaintext) throw new Fault('content-key-unwrap-failed');
  const contentKey = new Secret(plaintext);
  try {
    openContentKeys(crypto, manifest, contentKey);
  } catch (fault) {
    contentKey.wipe();
    throw fault;
  }
  return contentKey;
}
