// The one client of the authority, for line, owner and auditor. What can be called, with what and
// with which answer, is the table of packages/authority-contract; objects travel as bytes and are
// verified by whoever uses them.

import {
  type CallAnswer,
  type CallInput,
  type CallName,
  calls,
  decodeAnswer,
  encodeRequest,
  mostEvidenceLineBytes,
} from '@firmseal/authority-contract';
import { type Secret, toBase64url } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readAuthorityAddress } from './authority-address.ts';
import { readLines } from './bounded-body.ts';
import { type CallClock, type CallSettings, callJson, openStream, unreachable } from './http-call.ts';

export interface AuthorityClientOptions {
  /** `https://host[:port][/path]`; http only for this machine. */
  readonly address: string;
  /** The bearer token, UTF-8. */
  readonly token: Secret;
  readonly clock: CallClock;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Of one attempt, and of each silence of the export; default 10,000. */
  readonly timeoutMs?: number;
  /** Default 5. */
  readonly attempts?: number;
  /** Pause before the second attempt, doubled for each further; default 500. */
  readonly pauseMs?: number;
}

const newIdempotencyKey = (): string => toBase64url(globalThis.crypto.getRandomValues(new Uint8Array(32)));

export class AuthorityClient {
  readonly #settings: CallSettings;

  /**
   * Sends nothing. Throws `authority-address-invalid`, `authority-url-insecure` (http to another machine) and
   * `token-text-invalid`.
   */
  constructor(options: AuthorityClientOptions) {
    const address = readAuthorityAddress(options.address);
    if (!/^[A-Za-z0-9_-]{16,128}$/.test(new TextDecoder().decode(options.token.expose())))
      throw new Fault('token-text-invalid');
    this.#settings = {
      address,
      fetch: options.fetch ?? fetch,
      clock: options.clock,
      token: options.token,
      timeoutMs: options.timeoutMs ?? 10_000,
      attempts: options.attempts ?? 5,
      pauseMs: options.pauseMs ?? 500,
    };
  }

  /**
   * One call. It is sent again, word for word, when no answer came; one that makes something carries an
   * idempotency key, under which the authority answers a repeat as it answered the first. Throws the
   * authority's fault (its field `from` says `authority`), `body-invalid` for an input that the interface
   * does not have, `authority-refused`, `authority-unreachable`, `authority-certificate-refused`,
   * `authority-timeout`, `authority-answer-malformed`.
   */
  async call<N extends Exclude<CallName, 'exportEvidence'>>(
    name: N,
    input: CallInput<N>,
  ): Promise<CallAnswer<N>> {
    const item = calls[name];
    const key = item.repeatable ? {} : { idempotencyKey: newIdempotencyKey() };
    const value = await callJson(this.#settings, { ...encodeRequest(item, input), ...key }, item);
    return decodeAnswer(item, value);
  }

  /**
   * The evidence of all jobs, line by line as it comes; decodeEvidenceLine reads them. Throws what
   * `call` does, also in the middle. A stream that breaks off in between ends in `authority-unreachable`
   * or without its last line, `end`.
   */
  async *exportEvidence(): AsyncGenerator<string> {
    const request = encodeRequest(calls.exportEvidence, {});
    const response = await openStream(this.#settings, request);
    const lines = readLines(response, mostEvidenceLineBytes);
    try {
      for (;;) {
        const { done, value } = await this.#beforeSilence(lines.next());
        if (done) return;
        yield value;
      }
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw unreachable(error).fault;
    } finally {
      // Not awaited: the next line may never come.
      lines.return(undefined).catch(() => undefined);
    }
  }

  #beforeSilence<T>(next: Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#settings;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(timeoutMs, () =>
        reject(new Fault('authority-timeout', { timeoutMs, attempts: 1 })),
      );
      next.then(resolve, reject).finally(cancel);
    });
  }
}
