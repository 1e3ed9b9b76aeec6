// What an owner calls when the key is replaced for which packages are sealed: what the authority keeps is
// wrapped for the new key, and so is the content-key file of a package that no job has yet.

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';

export const kemCalls = {
  rewrapKeys: call({
    method: 'POST',
    path: '/v1/kem/rewrap',
    scopes: ['owner'],
    about:
      'Wraps what the authority keeps wrapped (content keys, keys of per-device data, secrets of webhooks) for the present KEM key, for some jobs from the place `from` on. `next` is the place of the next call; without it this was the last. What is wrapped for the present key already stays. `unopened` counts what no key opens.',
    input: z.strictObject({ from: z.int().min(0).max(0x7fffffff).optional() }),
    answer: z.object({
      /** The present key, 65 bytes. */
      kemPublicKey: of.base64Bytes(65),
      looked: of.count,
      rewrapped: of.count,
      unopened: of.count,
      next: z.optional(of.count),
    }),
  }),
  rewrapContentKey: call({
    method: 'POST',
    path: '/v1/kem/content-key',
    scopes: ['owner', 'engineer'],
    about:
      'The content-key file of a package for the present KEM key, from one that was sealed for the previous key. Nothing is kept.',
    input: z.strictObject({ header: of.packageHeader, contentKeyFile: of.contentKeyFile }),
    answer: z.object({ contentKeyFile: of.contentKeyFile }),
  }),
} as const;
