// The primitives that the formats need, as one interface: packages take it as an argument, apps choose who
// provides it. Suite 1 of spec/suites.md. Every operation is synchronous and none keeps its arguments.

import type { Bytes } from '@firmseal/bytes';

/** Digest or MAC that is fed in pieces; usable once. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Bytes;
}

export interface KeyPair {
  /** SEC 1 uncompressed point, 65 bytes, first 0x04. */
  readonly publicKey: Bytes;
  /** Scalar, 32 bytes, big-endian. */
  readonly privateKey: Bytes;
}

/** What a fresh key pair, forgotten at once, has in common with another's key. */
export interface EphemeralSecret {
  /** Of the fresh pair, 65 bytes. */
  readonly publicKey: Bytes;
  /** The x coordinate, 32 bytes. */
  readonly shared: Bytes;
}

export interface Crypto {
  randomBytes(length: number): Bytes;
  /** SHA-256 of the parts as one message; 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Bytes;
  createSha256(): Hasher;
  /** HMAC-SHA-256; 32 bytes. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes;
  createHmacSha256(key: Uint8Array): Hasher;
  /** RFC 5869 extract and expand with SHA-256. */
  hkdfSha256(inputs: { ikm: Uint8Array; salt: Uint8Array; info: Uint8Array; length: number }): Bytes;
  /**
   * Ciphertext followed by the 16-byte tag, in `into` when it is given (plaintext length + 16 bytes, apart
   * from the plaintext), else in a new array. Nonce 12 bytes, key 32.
   */
  aes256GcmSeal(inputs: {
    key: Uint8Array;
    nonce: Uint8Array;
    aad: Uint8Array;
    plaintext: Uint8Array;
    into?: Bytes;
  }): Bytes;
  /** Plaintext, or undefined when the tag does not match (nothing of the plaintext is released then). */
  aes256GcmOpen(inputs: {
    key: Uint8Array;
    nonce: Uint8Array;
    aad: Uint8Array;
    sealed: Uint8Array;
  }): Bytes | undefined;
  generateP256(): KeyPair;
  /** The key pair of a given scalar; undefined when it is not in 1..n-1. */
  p256FromPrivate(privateKey: Uint8Array): KeyPair | undefined;
  /** True when the 65 bytes are an uncompressed point on P-256 other than infinity. */
  isP256Point(publicKey: Uint8Array): boolean;
  /** ECDH: the x coordinate, 32 bytes; undefined when the public key is not a valid point. */
  ecdhP256(privateKey: Uint8Array, publicKey: Uint8Array): Bytes | undefined;
  /** ECDH with a key pair made for it alone; undefined when the public key is not a valid point. */
  ephemeralEcdhP256(publicKey: Uint8Array): EphemeralSecret | undefined;
  /** ECDSA with SHA-256 over the message: r || s, 64 bytes, s made low. */
  signEs256(privateKey: Uint8Array, message: Uint8Array): Bytes;
  /** False for a wrong signature, a high s, an invalid point, or r or s out of 1..n-1; never throws. */
  verifyEs256(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
