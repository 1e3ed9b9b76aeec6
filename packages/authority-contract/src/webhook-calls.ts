// Webhooks: addresses that the authority calls when something happened (docs/webhooks.md).

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';

export const webhookEvents = [
  'job.opened',
  'job.closed',
  'job.few-units',
  'alarm.raised',
  'receipt.stored',
  'rollout.halted',
  'stop.set',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** An owner who needs more lets one address pass them on. */
export const mostWebhooks = 100;

const webhookId = z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits are due');
const events = z.array(z.enum(webhookEvents)).min(1).max(webhookEvents.length);
const url = z.string().regex(/^[!-~]{1,512}$/, '1 to 512 printable ASCII characters without a blank are due');

const webhookView = z.object({
  webhookId,
  url: of.shownText(512),
  events,
  createdAtMs: of.timeMs,
  /** Events that were delivered, and that were given up a day after they happened. */
  delivered: of.count,
  givenUp: of.count,
  /** Attempts for the event that waits now; 0 when none failed. */
  attempts: of.count,
  /** When it is tried again. */
  dueAtMs: z.optional(of.timeMs),
  /** What came of the newest attempt. */
  last: z.object({ atMs: of.timeMs, result: of.shownText(64) }).optional(),
});
export type WebhookView = z.output<typeof webhookView>;

export const webhookCalls = {
  addWebhook: call({
    method: 'POST',
    path: '/v1/webhooks',
    scopes: ['owner'],
    about:
      'Adds an address that is called when one of these events happens, from now on. The secret with which the calls are signed is answered once. At most 100.',
    input: z.strictObject({ url, events }),
    answer: z.object({
      webhookId,
      secret: z.string().regex(/^whsec_[A-Za-z0-9+/=]{44}$/, 'a secret is due'),
    }),
    repeatable: false,
    status: 201,
  }),
  listWebhooks: call({
    method: 'GET',
    path: '/v1/webhooks',
    scopes: ['owner', 'auditor'],
    about: 'Lists webhooks, oldest first, with what came of the newest call of each.',
    input: z.strictObject({}),
    answer: z.object({ webhooks: z.array(webhookView).max(mostWebhooks) }),
    mostAnswerBytes: 262_144,
  }),
  removeWebhook: call({
    method: 'POST',
    path: '/v1/webhooks/{webhook}/remove',
    scopes: ['owner'],
    about: 'Removes a webhook. What was not delivered is not sent any more.',
    input: z.strictObject({ webhook: webhookId }),
    answer: z.object({ removed: z.literal(true) }),
    repeatable: false,
  }),
} as const;
