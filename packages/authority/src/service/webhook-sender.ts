// Calls webhooks. The log is the queue: each webhook has a place in it, which moves on when the event there
// was delivered, or was given up, so that a restart loses none, and nothing waits for an address that does
// not answer. Of several processes on one store, one at a time has a webhook. Calls are signed as the
// Standard Webhooks specification says (version 1, symmetric).

import { setTimeout as sleep } from 'node:timers/promises';
import { toHex, utf8 } from '@firmseal/bytes';
import { type LogRow, toBase64 } from '@firmseal/ledger';
import type { WebhookRecord } from '../store/records.ts';
import type { WebhookProgress } from '../store/store.ts';
import type { Authority } from './authority.ts';
import { type Told, toldBy } from './webhook-events.ts';

export interface SenderOptions {
  readonly authority: Authority;
  readonly fetch?: typeof fetch;
  /** Between two looks at the log; 2000 when left out. */
  readonly pollMs?: number;
  /** Of one call; 10 seconds when left out. */
  readonly timeoutMs?: number;
  /** 0 to 1; for the spread of repeats. */
  readonly random?: () => number;
  /** Told what the store or a key says when a turn fails; the next turn tries again. */
  readonly onTrouble?: (problem: string) => void;
}

/** An event is given up so long after it happened. */
const givenUpAfterMs = 86_400_000;
const firstPauseMs = 5000;
const longestPauseMs = 3_600_000;
/** A process that died with a webhook in hand holds it no longer. */
const claimMs = 300_000;
const rowsAtOnce = 256;
/** Calls of one turn: others wait meanwhile. */
const callsAtOnce = 16;

/** 5 s, 15 s, 45 s and so on up to an hour, each between half and the whole of it. */
const pauseMs = (attempts: number, random: number): number =>
  Math.round(Math.min(firstPauseMs * 3 ** (attempts - 1), longestPauseMs) * (0.5 + random / 2));

export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the call that is under way; its event is sent again by the next run. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { authority, pollMs = 2000, onTrouble } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        const webhooks = await authority.store.listWebhooks();
        // One that does not answer holds up no other.
        await Promise.all(webhooks.map((webhook) => this.#serve(webhook)));
      } catch (cause) {
        onTrouble?.(cause instanceof Error ? cause.message : String(cause));
      }
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #serve(webhook: WebhookRecord): Promise<void> {
    const { store, clock } = this.#options.authority;
    const { size } = await store.logHead();
    if (webhook.next >= size) return;
    const { webhookId } = webhook;
    const nowMs = clock.nowMs();
    const claim = { webhookId, nowMs, untilMs: nowMs + claimMs, aheadMs: longestPauseMs };
    if (!(await store.claimWebhook(claim))) return;
    // As it stands now: another process may have served it since it was listed.
    const claimed = (await store.listWebhooks()).find((one) => one.webhookId === webhookId);
    if (claimed === undefined) return;
    await store.noteWebhook(webhookId, await this.#advance(claimed));
  }

  /** Follows the log from its place until a call fails, there are enough calls, or the log ends. */
  async #advance(webhook: WebhookRecord): Promise<WebhookProgress> {
    const { authority } = this.#options;
    const { next, attempts, dueAtMs, delivered, givenUp, last } = webhook;
    const progress = { next, attempts, dueAtMs, delivered, givenUp, ...(last ? { last } : {}) };
    for (let calls = 0; calls < callsAtOnce; ) {
      const rows = await authority.store.readLog(progress.next, rowsAtOnce);
      if (rows.length === 0) return progress;
      for (const row of rows) {
        const told = toldBy(row);
        if (told !== undefined && webhook.events.includes(told.type)) {
          if (calls++ >= callsAtOnce || !(await this.#deliver(webhook, { row, told, progress })))
            return progress;
        }
        progress.next = row.sequence + 1;
      }
    }
    return progress;
  }

  /** False where it has to be sent again. Changes the progress. */
  async #deliver(
    webhook: WebhookRecord,
    {
      row,
      told,
      progress,
    }: { row: LogRow; told: Told; progress: { -readonly [K in keyof WebhookProgress]: WebhookProgress[K] } },
  ): Promise<boolean> {
    const { authority, random = Math.random } = this.#options;
    const result = await this.#call(webhook, row, told);
    if (this.#ending.signal.aborted && result !== delivered) return false;
    const atMs = authority.clock.nowMs();
    progress.last = { atMs, result };
    const isGivenUp = result !== delivered && atMs - told.timeMs >= givenUpAfterMs;
    if (result === delivered) progress.delivered++;
    else if (isGivenUp) progress.givenUp++;
    else {
      progress.attempts++;
      progress.dueAtMs = atMs + pauseMs(progress.attempts, random());
      return false;
    }
    progress.attempts = 0;
    progress.dueAtMs = 0;
    return true;
  }

  /** `delivered`, or why not, without a word of the address or of its answer. */
  async #call(webhook: WebhookRecord, row: LogRow, { type, timeMs, data }: Told): Promise<string> {
    const { authority, fetch: send = fetch, timeoutMs = 10_000 } = this.#options;
    const { crypto, clock } = authority;
    // The leaf is a salted hash: the same for each repeat, and nothing can be read from it.
    const id = `msg_${toHex(row.leaf.subarray(0, 16))}`;
    const timestamp = String(Math.floor(clock.nowMs() / 1000));
    const body = JSON.stringify({ type, timestamp: new Date(timeMs).toISOString(), data });
    const signature = toBase64(crypto.hmacSha256(webhook.secret, utf8(`${id}.${timestamp}.${body}`)));
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#ending.signal]);
      const headers = {
        'Content-Type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      };
      const answer = await send(webhook.url, { method: 'POST', headers, body, redirect: 'manual', signal });
      await answer.body?.cancel();
      if (answer.status >= 200 && answer.status < 300) return delivered;
      return answer.status >= 300 && answer.status < 400
        ? `redirect refused, status ${answer.status}`
        : `status ${answer.status}`;
    } catch (cause) {
      return cause instanceof Error && cause.name === 'TimeoutError' ? 'no answer in time' : 'no connection';
    }
  }
}

const delivered = 'delivered';
