// Ed25519 (RFC 8032) as one more interface: logs and witnesses sign with it, because the readers of signed
// notes that others wrote know no other signature. Chips never meet it. Synchronous, as Crypto is.

import type { Bytes } from '@firmseal/bytes';

/** Both 32 bytes; the private key is the seed. */
export interface Ed25519KeyPair {
  readonly publicKey: Bytes;
  readonly privateKey: Bytes;
}

export interface Ed25519 {
  generateEd25519(): Ed25519KeyPair;
  /** The key pair of a seed of 32 bytes; undefined for another length. */
  ed25519FromPrivate(privateKey: Uint8Array): Ed25519KeyPair | undefined;
  /** 64 bytes. */
  signEd25519(privateKey: Uint8Array, message: Uint8Array): Bytes;
  /** False for whatever is no such signature; never throws. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
