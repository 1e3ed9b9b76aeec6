// What verified once need not be verified again: whether a signature holds depends on key, message and
// signature alone. A service that meets the same delegations, packages and certificates with every request
// keeps the digests of the last ones that held. What did not hold is never kept.

import type { Crypto } from './crypto.ts';

const signatureSizeBytes = 64;
const pointSizeBytes = 65;

/**
 * The same cryptography with a memory of so many signatures that held; the one that was not met longest goes.
 */
export function rememberVerified(crypto: Crypto, most = 4096): Crypto {
  const held = new Set<string>(); // oldest use first
  return {
    ...crypto,
    verifyEs256: (publicKey, message, signature) => {
      if (publicKey.length !== pointSizeBytes || signature.length !== signatureSizeBytes) return false;
      // Two parts of fixed length ahead of the third: no other three give the same digest.
      const digest = crypto.sha256(publicKey, signature, message);
      const name: string = Reflect.apply(String.fromCharCode, undefined, digest);
      if (!held.delete(name)) {
        if (!crypto.verifyEs256(publicKey, message, signature)) return false;
        if (held.size >= most) held.delete(held.values().next().value!);
      }
      held.add(name);
      return true;
    },
  };
}
