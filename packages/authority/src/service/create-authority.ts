// An authority put together: every product's configuration checked, and a signer in another process, or in
// this one where it is given the keys.

import { rememberVerified } from '@firmseal/crypto';
import { createEmbeddedSigner } from '../signer/embedded-signer.ts';
import { type Authority, type AuthorityOptions, verifyProduct } from './authority.ts';
import { createClock } from './clock.ts';

/**
 * Checks the configuration of every product; faults as verifyProduct, and those of the store. Does not own
 * the store: close it yourself.
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { store, kem, previousKem, deviceCa, challengeLifeMs = 600_000, ledger, onFewUnits } = options;
  // Every request brings delegations, packages and approvals that others brought before.
  const crypto = rememberVerified(options.crypto);
  const products = new Map(options.products.map((keys) => [keys.product, verifyProduct(crypto, keys)]));
  const clock = createClock(await store.findTick(), options.clock);
  const keys = { kem, previousKem, deviceCa };
  const signer = options.signer ?? createEmbeddedSigner({ store, crypto, ...keys, clock, products });
  const more = { ...(ledger ? { ledger } : {}), ...(onFewUnits ? { onFewUnits } : {}) };
  return { store, crypto, signer, clock, products, challengeLifeMs, ...more };
}
