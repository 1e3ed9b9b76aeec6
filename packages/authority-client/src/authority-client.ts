// The authority's interface for a line station: challenge, license, receipt, of one job. It carries objects
// as bytes and verifies none: whoever installs does (packages/programmer).

import { type Bytes, fromBase64url, fromHex, type Secret, toBase64url, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { type CallClock, type CallSettings, type JsonObject, postJson } from './json-call.ts';

export interface AuthorityClientOptions {
  /** `https://host[:port][/path]`; http only for this machine. */
  readonly baseUrl: string;
  readonly job: string;
  /** The bearer token, UTF-8. */
  readonly token: Secret;
  readonly clock: CallClock;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Of one attempt; default 10,000. */
  readonly timeoutMs?: number;
  /** Default 4. */
  readonly attempts?: number;
  /** Pause before the second attempt, doubled for each further; default 500. */
  readonly pauseMs?: number;
}

export interface LicenseRequest {
  readonly hello: Uint8Array;
  readonly certificate: Uint8Array;
  readonly challenge: Uint8Array;
  /** The same id for a repeat of the same request. */
  readonly requestId: string;
  /** Which package of the job, 32 bytes; the newest when left out. */
  readonly manifestDigest?: Uint8Array;
}

export interface IssuedLicense {
  readonly bundle: Bytes;
  readonly licenseId: string;
  readonly unitIndex: number;
  /** True when this license took a unit of the quota. */
  readonly newUnit: boolean;
}

export interface ReceiptSubmission {
  readonly licenseId: string;
  readonly receipt: Uint8Array;
  /** The challenge that the receipt answers, when it is a fresh one. */
  readonly challenge?: Uint8Array;
}

export type ChallengePurpose = 'hello' | 'receipt';

const challengeRoutes = { hello: 'challenge', receipt: 'receipt-challenge' } as const;

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Every method throws what postJson throws. */
export class AuthorityClient {
  readonly #settings: CallSettings;
  readonly #job: string;
  readonly #jobUrl: string;

  /** Throws `authority-url-insecure` for an address that is neither https nor this machine. */
  constructor(options: AuthorityClientOptions) {
    const base = URL.canParse(options.baseUrl) ? new URL(options.baseUrl) : undefined;
    const isSafe =
      base?.protocol === 'https:' || (base?.protocol === 'http:' && loopbackHosts.has(base.hostname));
    if (base === undefined || !isSafe) throw new Fault('authority-url-insecure');
    const path = base.pathname.replace(/\/+$/, '');
    this.#job = options.job;
    this.#jobUrl = `${base.origin}${path}/v1/jobs/${encodeURIComponent(options.job)}`;
    this.#settings = {
      fetch: options.fetch ?? fetch,
      clock: options.clock,
      token: options.token,
      timeoutMs: options.timeoutMs ?? 10_000,
      attempts: options.attempts ?? 4,
      pauseMs: options.pauseMs ?? 500,
    };
  }

  /** A challenge of 32 bytes, for a hello or for a receipt; the authority takes it for that alone. */
  async challenge(purpose: ChallengePurpose): Promise<Bytes> {
    const { challenge } = await this.#post(challengeRoutes[purpose], {});
    if (typeof challenge !== 'string' || !/^[0-9a-f]{64}$/.test(challenge)) throw malformed('challenge');
    return fromHex(challenge);
  }

  async license(request: LicenseRequest): Promise<IssuedLicense> {
    const answer = await this.#post('licenses', {
      hello: toBase64url(request.hello),
      certificate: toBase64url(request.certificate),
      challenge: toHex(request.challenge),
      requestId: request.requestId,
      ...(request.manifestDigest === undefined ? {} : { manifestDigest: toHex(request.manifestDigest) }),
    });
    const { bundle: text, licenseId, unitIndex, newUnit } = answer;
    const bundle = typeof text === 'string' ? fromBase64url(text) : undefined;
    if (
      bundle === undefined ||
      typeof licenseId !== 'string' ||
      !/^[0-9a-f]{32}$/.test(licenseId) ||
      typeof unitIndex !== 'number' ||
      !Number.isSafeInteger(unitIndex) ||
      unitIndex < 0 ||
      typeof newUnit !== 'boolean'
    )
      throw malformed('license');
    return { bundle, licenseId, unitIndex, newUnit };
  }

  /**
   * Resolves once the authority has verified and stored the receipt, and the job takes its outcome. Throws
   * `job-outcome-refused` when the owner of the job did not allow it; the receipt is kept all the same.
   */
  async submitReceipt(
    submission: ReceiptSubmission,
  ): Promise<{ readonly fresh: boolean; readonly outcome: string }> {
    const { licenseId, receipt, challenge } = submission;
    const body = { licenseId, receipt: toBase64url(receipt) };
    const { accepted, fresh, outcome } = await this.#post(
      'receipts',
      challenge === undefined ? body : { ...body, challenge: toHex(challenge) },
    );
    const named = typeof outcome === 'string' && /^[A-Z]{4,16}$/.test(outcome);
    if (!named || typeof accepted !== 'boolean' || typeof fresh !== 'boolean') throw malformed('receipt');
    if (!accepted) throw new Fault('job-outcome-refused', { outcome, job: this.#job });
    return { fresh, outcome };
  }

  #post(route: string, body: JsonObject): Promise<JsonObject> {
    return postJson(this.#settings, `${this.#jobUrl}/${route}`, body);
  }
}

const malformed = (what: string) => new Fault('authority-answer-malformed', { what });
