// Whose token asks, and what it opens.

import type { CallAnswer } from '@firmseal/authority-contract';
import type { TokenRecord } from '../store/records.ts';
import type { Authority } from './authority.ts';
import { showJob } from './jobs.ts';

/** Of a line's token: what a line may know of its job. */
async function ownJob(authority: Authority, { jobId }: TokenRecord) {
  if (jobId === undefined) return undefined;
  const { job, product, state, quota, remaining, installed, isFew } = await showJob(authority, jobId);
  return { job, product, state, quota, remaining, installed, isFew };
}

export async function whoAmI(authority: Authority, token: TokenRecord): Promise<CallAnswer<'whoAmI'>> {
  const { tokenId, scope, label, expiresAtMs } = token;
  const job = await ownJob(authority, token);
  const products = [...authority.products.values()].map(({ product, rootPublicKey }) => ({
    ...{ product, rootPublicKey },
  }));
  return {
    ...{ tokenId, scope, label, products },
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(authority.ledger ? { ledgerKey: authority.ledger.verifierKey } : {}),
    ...(job === undefined ? {} : { job }),
  };
}
