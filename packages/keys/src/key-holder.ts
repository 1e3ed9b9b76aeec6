// What may be done with a private key, whoever holds it: an opened key file, or a PKCS #11 token behind the
// same two interfaces (token-key.ts). Both are asynchronous, because a token is. Shapes as `CoseSigner` of
// @firmseal/cbor-cose and `HpkeUnwrapper` of @firmseal/hpke take them.

import { type Bytes, Secret } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import type { OpenedKey } from './key-file.ts';
import { expectRole, keyRoles } from './key-role.ts';

export interface Signer {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256 over the message: r || s, 64 bytes, low s. */
  sign(message: Uint8Array): Promise<Bytes>;
}

export interface Unwrapper {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** The x coordinate of private key * point, 32 bytes; undefined when the point is not valid. */
  ecdh(publicKey: Uint8Array): Promise<Bytes | undefined>;
}

/** Signs with an opened key. Throws `key-role-wrong` for `authority-kem`. */
export function signerOf(crypto: Crypto, key: OpenedKey): Signer {
  expectRole(
    key.role,
    keyRoles.filter((role) => role !== 'authority-kem'),
  );
  const { publicKey, holder } = key;
  if (!(holder instanceof Secret)) return holder;
  return { publicKey, sign: async (message) => crypto.signEs256(holder.expose(), message) };
}

/** Unwraps with an opened key. Throws `key-role-wrong` for any role but `authority-kem`. */
export function unwrapperOf(crypto: Crypto, key: OpenedKey): Unwrapper {
  expectRole(key.role, ['authority-kem']);
  const { publicKey, holder } = key;
  if (!(holder instanceof Secret)) return holder;
  return { publicKey, ecdh: async (point) => crypto.ecdhP256(holder.expose(), point) };
}
