// A crypto that verifies a signature once: the delegation of the license issuer comes
// with every license of a history.

import { equalBytes, toHex } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';

/** Signatures of chips come once each and pass through; those of delegations come again and stay. */
const rememberedAtMost = 64;

interface Verified {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
}

/** The same crypto; a signature that was good is not verified again for the same key and message. */
export function rememberSignatures(crypto: Crypto): Crypto {
  const good = new Map<string, Verified>();
  const remember = (name: string, verified: Verified) => {
    good.delete(name);
    good.set(name, verified);
    if (good.size > rememberedAtMost) good.delete(good.keys().next().value!);
  };
  return {
    ...crypto,
    verifyEs256: (publicKey, message, signature) => {
      const name = toHex(signature);
      const known = good.get(name);
      const same =
        known !== undefined && equalBytes(known.publicKey, publicKey) && equalBytes(known.message, message);
      if (!same && !crypto.verifyEs256(publicKey, message, signature)) return false;
      // The caller may change its arrays later.
      remember(name, same ? known : { publicKey: publicKey.slice(), message: message.slice() });
      return true;
    },
  };
}
