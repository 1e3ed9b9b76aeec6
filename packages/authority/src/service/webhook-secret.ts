// The secret of a webhook at rest: wrapped for the key that the signer holds, under a label of its own, so
// that a copy of the database signs no calls, and what opens it opens no content key.

import { type Bytes, concatBytes, utf8 } from '@firmseal/bytes';
import type { Crypto } from '@firmseal/crypto';
import { type HpkeMessage, hpkeSeal } from '@firmseal/hpke';
import type { WrappedWebhookSecret } from '../signer/issuing-signer.ts';

const encSizeBytes = 65;
const info = utf8('firmseal/1 webhook secret');

/** What the database keeps of the 32 bytes. */
export function wrapWebhookSecret(
  crypto: Crypto,
  { webhookId, key, kemPublicKey }: { webhookId: string; key: Bytes; kemPublicKey: Bytes },
): Bytes {
  const { enc, sealed } = hpkeSeal(crypto, {
    ...{ recipientPublicKey: kemPublicKey, info, aad: utf8(webhookId), plaintext: key },
  });
  return concatBytes(enc, sealed);
}

export const messageOfWebhookSecret = ({ webhookId, secret }: WrappedWebhookSecret): HpkeMessage => ({
  ...{ info, aad: utf8(webhookId) },
  enc: secret.subarray(0, encSizeBytes),
  sealed: secret.subarray(encSizeBytes),
});
