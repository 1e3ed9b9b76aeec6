// What may be done with a private key, whoever holds it: an opened key file, or a PKCS #11 token behind the
// same two interfaces (token-key.ts). Both are asynchronous, because a token is. Shapes as `CoseSigner` of
// @firmseal/cbor-cose and `HpkeUnwrapper` of @firmseal/hpke take them.

import { type Bytes, Secret } from '@firmseal/bytes';
import type { Crypto, Ed25519 } from '@firmseal/crypto';
import { Fault } from '@firmseal/fault';
import type { OpenedKey } from './key-file.ts';
import { expectRole, type KeyRole, p256Roles } from './key-role.ts';

export interface Signer {
  /** SEC 1 uncompressed point, 65 bytes; of an Ed25519 key its 32 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256 over the message: r || s, low s; or Ed25519. 64 bytes. */
  sign(message: Uint8Array): Promise<Bytes>;
}

export interface Unwrapper {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** The x coordinate of private key * point, 32 bytes; undefined when the point is not valid. */
  ecdh(publicKey: Uint8Array): Promise<Bytes | undefined>;
}

/** Signs with an opened P-256 key. Throws `key-role-wrong` for `authority-kem` and for Ed25519 keys. */
export function signerOf(crypto: Crypto, key: OpenedKey): Signer {
  expectRole(
    key.role,
    p256Roles.filter((role) => role !== 'authority-kem'),
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

/** Signs notes with an opened key of the role, by Ed25519: 64 bytes. Throws `key-role-wrong`. */
export function noteSignerOf(
  crypto: Pick<Ed25519, 'signEd25519'>,
  key: OpenedKey,
  role: Extract<KeyRole, 'ledger' | 'witness'>,
): Signer {
  expectRole(key.role, [role]);
  const { publicKey, holder } = key;
  if (!(holder instanceof Secret))
    throw new Fault('internal-error', { detail: `a ${role} key is in a token` });
  return { publicKey, sign: async (message) => crypto.signEd25519(holder.expose(), message) };
}
