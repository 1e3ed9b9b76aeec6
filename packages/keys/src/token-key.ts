// A key in a PKCS#11 token, as this package needs one. Who speaks PKCS#11 is chosen by the app
// (@firmseal/pkcs11-adapter); a key file of the kind `firmseal-token-key-1` says where the key is.

import type { Bytes, Secret } from '@firmseal/bytes';
import type { KeyRole } from './key-role.ts';

/**
 * What `authority-kem` is for is `ecdh`, and `sign` of all other roles; the other
 * one throws `key-role-wrong`.
 */
export interface TokenKey {
  /** SEC 1 uncompressed point, 65 bytes. */
  readonly publicKey: Bytes;
  /** ECDSA with SHA-256 over the message: r || s, 64 bytes, low s, verified before it is returned. */
  sign(message: Uint8Array): Promise<Bytes>;
  /** The x coordinate of private key * point, 32 bytes; undefined when the point is not valid. */
  ecdh(publicKey: Uint8Array): Promise<Bytes | undefined>;
  /** Ends its sessions, and forgets the PIN. */
  close(): void;
}

export interface TokenKeyPlace {
  /** `pkcs11:` URI of RFC 7512, without a PIN. */
  readonly uri: string;
  readonly pin: Secret;
  readonly role: KeyRole;
}

/**
 * Finds the key, logs in. Throws `token-uri-invalid`, `pkcs11-library-missing`, `pkcs11-module-failed`,
 * `token-absent`, `token-pin-wrong`, `token-pin-locked`, `token-key-missing`,
 * `token-key-unfit`, `token-failed`.
 */
export type OpenTokenKey = (place: TokenKeyPlace) => Promise<TokenKey>;
