// Ed25519 (RFC 8032) on noble: verification alone, since a page reads the notes of ledgers and witnesses and
// signs none.

import type { Ed25519 } from '@firmseal/crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

/** As RFC 8032 and OpenSSL have it: no point or scalar in another than its one encoding. */
const strict = { zip215: false } as const;

/** For what a page verifies of a ledger. */
export const webEd25519: Pick<Ed25519, 'verifyEd25519'> = {
  verifyEd25519: (publicKey, message, signature) => {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    try {
      return ed25519.verify(signature, message, publicKey, strict);
    } catch {
      return false;
    }
  },
};
