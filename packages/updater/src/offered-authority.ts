// The authority that a description of an update names: a job of mode update (spec/rollout.md) gives the
// licenses and keeps the receipts. Its token is public, so it stands in the description.

import { accessForJob, CallSender, type CallSenderOptions } from '@firmseal/authority-client';
import { fromHex, Secret, utf8 } from '@firmseal/bytes';
import type { LineAuthority } from '@firmseal/programmer';
import type { UpdateOffer } from './offer.ts';

/** A person waits, who can press the button again: no answer is a fault after a few seconds. */
const attempts = 4;

/** Undefined where the description names none. */
export function offeredAuthority(
  { authority }: UpdateOffer,
  { clock, fetch }: Pick<CallSenderOptions, 'clock' | 'fetch'>,
): LineAuthority | undefined {
  if (authority === undefined) return undefined;
  const { url, token, job } = authority;
  const sender = new CallSender({
    ...{ address: url, token: new Secret(utf8(token)), clock, attempts },
    ...(fetch === undefined ? {} : { fetch }),
  });
  return accessForJob(sender, fromHex(job));
}
