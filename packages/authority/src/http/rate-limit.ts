// A bound on bursts and rates, a bucket of calls for each access token: whoever holds a stolen token cannot
// drown the rest. In memory, for this process; licenses are bounded by the quota, not by this.

import { Fault } from '@firmseal/fault';

export interface RateLimits {
  /** Calls that may come at once. */
  readonly burst: number;
  /** Calls a second in the long run. */
  readonly perSecond: number;
}

interface Bucket {
  calls: number;
  atMs: number;
}

const bucketsAtMost = 10_000;

export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Counts one call of this name. Throws `rate-exceeded`. */
  take(name: string): void {
    const { burst, perSecond } = this.#limits;
    const now = this.#nowMs();
    const bucket = this.#buckets.get(name) ?? { calls: burst, atMs: now };
    const refill = (Math.max(0, now - bucket.atMs) / 1000) * perSecond;
    bucket.calls = Math.min(burst, bucket.calls + refill);
    bucket.atMs = now;
    this.#remember(name, bucket);
    if (bucket.calls < 1) throw new Fault('rate-exceeded');
    bucket.calls -= 1;
  }

  /** Seconds until one more call is allowed to who used up his burst; at least 1. */
  get retryAfterSeconds(): number {
    return Math.max(1, Math.ceil(1 / this.#limits.perSecond));
  }

  /**
   * Names come from the token table, so they are few; the bound holds all the same, and
   * the longest idle goes first.
   */
  #remember(name: string, bucket: Bucket): void {
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > bucketsAtMost) this.#buckets.delete(this.#buckets.keys().next().value!);
  }
}
