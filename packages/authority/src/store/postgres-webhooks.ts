// Webhooks in PostgreSQL. How far their calls are is not logged, so it waits for no lock of the log.

import { all, changed, type PostgresContext } from './postgres-context.ts';
import * as rows from './rows.ts';
import type { WebhookMethods } from './store-parts.ts';

export function webhookMethods({ read, commit }: PostgresContext): WebhookMethods {
  return {
    insertWebhook: ({ webhookId, url, events, secret, createdAtMs }, most, event) =>
      commit(async ({ query, append, logSize }) => {
        const inserted = await changed(
          query,
          `INSERT INTO webhooks (webhook_id, url, events, secret, created_at_ms, next)
           SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM webhooks) < $7`,
          webhookId,
          url,
          events.join(' '),
          secret,
          createdAtMs,
          logSize() + 1,
          most,
        );
        if (inserted) append(event);
        return inserted;
      }),
    listWebhooks: () => all(read, rows.toWebhook, 'SELECT * FROM webhooks ORDER BY ordinal'),
    removeWebhook: (webhookId, event) =>
      commit(async ({ query, append }) => {
        const removed = await changed(query, 'DELETE FROM webhooks WHERE webhook_id = $1', webhookId);
        if (removed) append(event);
        return removed;
      }),
    claimWebhook: ({ webhookId, nowMs, untilMs, aheadMs }) =>
      changed(
        read,
        `UPDATE webhooks SET claimed_until_ms = $1 WHERE webhook_id = $2
           AND (due_at_ms <= $3 OR due_at_ms > $4) AND (claimed_until_ms <= $3 OR claimed_until_ms > $4)`,
        untilMs,
        webhookId,
        nowMs,
        nowMs + aheadMs,
      ),
    noteWebhook: async (webhookId, { next, attempts, dueAtMs, delivered, givenUp, last }) => {
      await read(
        `UPDATE webhooks SET next = $1, attempts = $2, due_at_ms = $3, claimed_until_ms = 0, delivered = $4,
           given_up = $5, last_at_ms = $6, last_result = $7 WHERE webhook_id = $8`,
        [next, attempts, dueAtMs, delivered, givenUp, last?.atMs ?? null, last?.result ?? null, webhookId],
      );
    },
  };
}
