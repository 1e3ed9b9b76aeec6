// Webhooks in SQLite.

import * as rows from './rows.ts';
import type { SqliteContext } from './sqlite-context.ts';
import type { WebhookMethods } from './store-parts.ts';

export function webhookMethods({ database, append, head }: SqliteContext): WebhookMethods {
  return {
    insertWebhook: ({ webhookId, url, events, secret, createdAtMs }, most, event) =>
      database.transaction(() => {
        const inserted = database.changed(
          `INSERT INTO webhooks (webhook_id, url, events, secret, created_at_ms, next)
           SELECT ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM webhooks) < ?`,
          webhookId,
          url,
          events.join(' '),
          secret,
          createdAtMs,
          head().size + 1,
          most,
        );
        if (inserted) append(event);
        return inserted;
      }),
    listWebhooks: async () => database.all(rows.toWebhook, 'SELECT * FROM webhooks ORDER BY ordinal'),
    removeWebhook: (webhookId, event) =>
      database.transaction(() => {
        const removed = database.changed('DELETE FROM webhooks WHERE webhook_id = ?', webhookId);
        if (removed) append(event);
        return removed;
      }),
    claimWebhook: ({ webhookId, nowMs, untilMs, aheadMs }) =>
      database.transaction(() =>
        database.changed(
          `UPDATE webhooks SET claimed_until_ms = ?1 WHERE webhook_id = ?2
             AND (due_at_ms <= ?3 OR due_at_ms > ?3 + ?4)
             AND (claimed_until_ms <= ?3 OR claimed_until_ms > ?3 + ?4)`,
          untilMs,
          webhookId,
          nowMs,
          aheadMs,
        ),
      ),
    noteWebhook: (webhookId, { next, attempts, dueAtMs, delivered, givenUp, last }) =>
      database.transaction(() => {
        database.run(
          `UPDATE webhooks SET next = ?, attempts = ?, due_at_ms = ?, claimed_until_ms = 0, delivered = ?,
             given_up = ?, last_at_ms = ?, last_result = ? WHERE webhook_id = ?`,
          next,
          attempts,
          dueAtMs,
          delivered,
          givenUp,
          last?.atMs ?? null,
          last?.result ?? null,
          webhookId,
        );
      }),
  };
}
