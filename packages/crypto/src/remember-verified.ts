// What verified once need not be verified again: whether a signature holds depends on key, message and
// signature alone. A service that meets the same delegations, packages and certificates with every request
// keeps the digests of the last ones that held. What did not hold is never kept.

import type { Crypto } from './crypto.ts';

const signatureSizeBytes = 64;
const pointSizeBytes = 65;

/**
 * The same cryptography with a memory of so many signatures that held, and of no more than twice as many:
 * whenever it is full, those go that were not met since it was full the last time.
 */
export function rememberVerified(crypto: Crypto, most = 4096): Crypto {
  let held = new Set<string>();
  let before = new Set<string>();
  return {
    ...crypto,
    verifyEs256: (publicKey, message, signature) => {
      if (publicKey.length !== pointSizeBytes || signature.length !== signatureSizeBytes) return false;
      // Two parts of fixed length ahead of the third: no other three give the same digest.
      const digest = crypto.sha256(publicKey, signature, message);
      const name: string = Reflect.apply(String.fromCharCode, undefined, digest);
      if (held.has(name)) return true;
      if (!before.has(name) && !crypto.verifyEs256(publicKey, message, signature)) return false;
      if (held.size >= most) [before, held] = [held, new Set()];
      held.add(name);
      return true;
    },
  };
}
