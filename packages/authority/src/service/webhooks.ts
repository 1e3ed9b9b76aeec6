// Webhooks as an owner keeps them: where the authority calls, for which events, and how the calls are signed.
// webhook-sender.ts makes the calls.

import type { CallAnswer, WebhookEvent, WebhookView } from '@firmseal/authority-contract';
import { mostWebhooks } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { toBase64 } from '@firmseal/ledger';
import type { Authority } from './authority.ts';
import type { Draw } from './repeats.ts';
import { wrapWebhookSecret } from './webhook-secret.ts';

const idSizeBytes = 8;
const secretSizeBytes = 32;

const ofThisMachine = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Throws `webhook-url-refused`. */
function requireCallable(text: string): void {
  const refuse = (problem: string) => new Fault('webhook-url-refused', { problem });
  if (!URL.canParse(text)) throw refuse('it is no address');
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') throw refuse('it holds a user name or a password');
  if (hash !== '') throw refuse('it holds a fragment');
  if (protocol === 'https:') return;
  if (protocol !== 'http:') throw refuse('its scheme is neither https nor http');
  if (!ofThisMachine.has(hostname)) throw refuse('http goes to this machine alone');
}

/**
 * The secret is answered once; the store has it wrapped. Throws `webhook-url-refused`, `webhooks-too-many`.
 */
export async function addWebhook(
  { store, clock, crypto, signer }: Authority,
  request: { url: string; events: readonly WebhookEvent[]; by: string; draw: Draw },
): Promise<CallAnswer<'addWebhook'>> {
  const { url, by, draw } = request;
  requireCallable(url);
  const events = [...new Set(request.events)];
  const webhookId = toHex(draw('webhook', idSizeBytes));
  const key = draw('webhook secret', secretSizeBytes);
  const secret = `whsec_${toBase64(key)}`;
  // A repeat after a crash: it was added then.
  if ((await store.listWebhooks()).some((one) => one.webhookId === webhookId)) return { webhookId, secret };
  const kemPublicKey = await signer.kemPublicKey();
  const createdAtMs = clock.nowMs();
  const wrapped = wrapWebhookSecret(crypto, { webhookId, key, kemPublicKey });
  const record = { webhookId, url, events, secret: wrapped, createdAtMs };
  // The address stays out of the log, which is published: it may be a secret of its own.
  const fields = { webhook: webhookId, events: events.join(' '), by };
  const event = { timeMs: createdAtMs, kind: 'webhook-added', fields } as const;
  if (!(await store.insertWebhook(record, mostWebhooks, event)))
    throw new Fault('webhooks-too-many', { most: mostWebhooks });
  return { webhookId, secret };
}

export async function listWebhooks({ store }: Authority): Promise<WebhookView[]> {
  return (await store.listWebhooks()).map(
    ({ webhookId, url, events, createdAtMs, delivered, givenUp, attempts, dueAtMs, last }) => ({
      ...{ webhookId, url, events: [...events], createdAtMs, delivered, givenUp, attempts },
      ...(attempts > 0 ? { dueAtMs } : {}),
      ...(last ? { last } : {}),
    }),
  );
}

/** Throws `webhook-unknown`. */
export async function removeWebhook(
  { store, clock }: Authority,
  { webhook, by }: { webhook: string; by: string },
): Promise<void> {
  const event = { timeMs: clock.nowMs(), kind: 'webhook-removed', fields: { webhook, by } } as const;
  if (!(await store.removeWebhook(webhook, event))) throw new Fault('webhook-unknown', { webhook });
}
