// Sends single calls of the interface, each given as its entry of a table. The table of all calls is not part
// of it: a page that updates devices needs four of them, and is small.

import {
  type AnswerOf,
  type Call,
  decodeAnswer,
  encodeRequest,
  type InputOf,
} from '@firmseal/authority-contract';
import { type Secret, toBase64url } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readAuthorityAddress } from './authority-address.ts';
import { type CallClock, type CallSettings, callJson } from './http-call.ts';

export interface CallSenderOptions {
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

export class CallSender {
  protected readonly settings: CallSettings;

  /**
   * Sends nothing. Throws `authority-address-invalid`, `authority-url-insecure` (http to another machine) and
   * `token-text-invalid`.
   */
  constructor(options: CallSenderOptions) {
    const address = readAuthorityAddress(options.address);
    if (!/^[A-Za-z0-9_-]{16,128}$/.test(new TextDecoder().decode(options.token.expose())))
      throw new Fault('token-text-invalid');
    this.settings = {
      address,
      // A browser's own wants to be called without an object.
      fetch: options.fetch ?? ((...given) => fetch(...given)),
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
  async send<C extends Call>(item: C, input: InputOf<C>): Promise<AnswerOf<C>> {
    const key = item.repeatable ? {} : { idempotencyKey: newIdempotencyKey() };
    const value = await callJson(this.settings, { ...encodeRequest(item, input), ...key }, item);
    return decodeAnswer(item, value);
  }
}
