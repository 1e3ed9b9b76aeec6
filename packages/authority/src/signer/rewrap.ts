// What the previous KEM key opens is wrapped again for the present one. Nobody sees it in between, and
// whoever asks gets bytes that the signer alone opens.

import { type Bytes, concatBytes } from '@firmseal/bytes';
import { type HpkeMessage, hpkeOpenWith, hpkeSeal } from '@firmseal/hpke';
import { contentKeyFileOf, contentKeyMessage } from '@firmseal/license';
import { encSizeBytes, messageOfDeviceDataKey } from '../service/device-data.ts';
import { messageOfWebhookSecret } from '../service/webhook-secret.ts';
import type { RewrapRequest } from './issuing-signer.ts';
import { pinnedJobOf } from './job-terms.ts';
import type { SignerContext } from './signer-context.ts';

interface Wrapped {
  readonly enc: Bytes;
  readonly sealed: Bytes;
}

/** Wrapped for the present key: `present` when it is already, undefined when no key opens it. */
async function wrapAgain(
  { crypto, kems }: Pick<SignerContext, 'crypto' | 'kems'>,
  message: HpkeMessage,
): Promise<Wrapped | 'present' | undefined> {
  const [present, ...previous] = kems;
  const known = await hpkeOpenWith(crypto, { unwrapper: present, ...message });
  known?.fill(0);
  if (known !== undefined) return 'present';
  for (const unwrapper of previous) {
    const plaintext = await hpkeOpenWith(crypto, { unwrapper, ...message });
    if (plaintext === undefined) continue;
    try {
      const { info, aad } = message;
      return hpkeSeal(crypto, { recipientPublicKey: present.publicKey, info, aad, plaintext });
    } finally {
      plaintext.fill(0);
    }
  }
  return undefined;
}

const joined = ({ enc, sealed }: Wrapped): Bytes => concatBytes(enc, sealed);

/**
 * What was wrapped, for the present key: the same bytes when it is already; undefined when no key opens it.
 * The key of per-device data is a term of its job, so the signer notes that both forms are the same.
 */
export async function rewrap(context: SignerContext, request: RewrapRequest): Promise<Bytes | undefined> {
  const { crypto, clock, table } = context;
  switch (request.kind) {
    case 'content-key': {
      const message = contentKeyMessage(request.file);
      const again = await wrapAgain(context, message);
      return again === 'present' ? request.file : again && contentKeyFileOf(message.aad, again);
    }
    case 'webhook': {
      const again = await wrapAgain(context, messageOfWebhookSecret(request));
      return again === 'present' ? request.secret : again && joined(again);
    }
    case 'device-data': {
      const { job } = request;
      const { deviceDataKey } = job;
      if (deviceDataKey === undefined || deviceDataKey.length <= encSizeBytes) return undefined;
      const again = await wrapAgain(context, messageOfDeviceDataKey(job.jobId, deviceDataKey));
      if (again === 'present' || again === undefined) return again && deviceDataKey;
      const after = { ...job, deviceDataKey: joined(again) };
      const { terms } = pinnedJobOf(crypto, after);
      await table.noteSameTerms(pinnedJobOf(crypto, job), terms, clock.nowMs());
      return after.deviceDataKey;
    }
  }
}
