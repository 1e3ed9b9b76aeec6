// Requests with a deadline, a bound on the answer, and repeats with growing pauses. What is asked and what an
// answer means is packages/authority-contract; this file knows only how to carry it.

import { decodeFault, type EncodedRequest, idempotencyHeader } from '@firmseal/authority-contract';
import type { Secret } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { readBoundedBody } from './bounded-body.ts';

/** The clock of packages/link has this form. */
export interface CallClock {
  after(delayMs: number, action: () => void): () => void;
}

export interface CallSettings {
  readonly address: string;
  readonly fetch: typeof fetch;
  readonly clock: CallClock;
  readonly token: Secret;
  /** Of one attempt, the body of the answer included; of each silence of a stream. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** The first pause; each further one is twice as long. */
  readonly pauseMs: number;
}

export interface CallLimits {
  readonly mostAnswerBytes: number;
}

export type Sendable = EncodedRequest & {
  /** Of a call that makes something; the same for its repeats. */
  readonly idempotencyKey?: string;
};

/** Worth another attempt. */
interface Failure {
  readonly fault: Fault;
}

type Attempt<T> = { readonly value: T } | Failure;

/**
 * The JSON value of the answer. Throws the authority's own fault (its field `from` says `authority`),
 * `authority-refused`, `authority-unreachable`, `authority-certificate-refused`, `authority-timeout` or
 * `authority-answer-malformed`.
 */
export function callJson(
  settings: CallSettings,
  request: Sendable,
  { mostAnswerBytes }: CallLimits,
): Promise<unknown> {
  return repeat(settings, async (signal) => {
    const response = await send(settings, request, signal);
    const value = parseJson(await readBoundedBody(response, mostAnswerBytes));
    if (!response.ok) return failureOf(response.status, value);
    if (value === undefined) throw malformed(request.path);
    return { value };
  });
}

/**
 * An answer whose body the caller reads, once its status was good. Faults as callJson; a
 * stream is begun again only here.
 */
export function openStream(settings: CallSettings, request: EncodedRequest): Promise<Response> {
  return repeat(settings, async (signal) => {
    const response = await send(settings, request, signal);
    if (response.ok) return { value: response };
    return failureOf(response.status, parseJson(await readBoundedBody(response, 65_536)));
  });
}

async function repeat<T>(
  settings: CallSettings,
  run: (signal: AbortSignal) => Promise<Attempt<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const result = await within(settings, attempt, run);
    if ('value' in result) return result.value;
    if (attempt >= settings.attempts) throw result.fault;
    const pauseMs = settings.pauseMs * 2 ** (attempt - 1);
    await new Promise<void>((resolve) => settings.clock.after(pauseMs, resolve));
  }
}

/** Runs an attempt against the clock: a transport that ignores the signal is left behind. */
function within<T>(
  { clock, timeoutMs }: CallSettings,
  attempts: number,
  run: (signal: AbortSignal) => Promise<Attempt<T>>,
): Promise<Attempt<T>> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      resolve({ fault: new Fault('authority-timeout', { timeoutMs, attempts }) });
      controller.abort();
    });
    run(controller.signal)
      .catch((error: unknown): Attempt<T> => {
        if (error instanceof Fault) throw error;
        const refused = certificateFault(error);
        if (refused) throw refused;
        return unreachable(error);
      })
      .then(resolve, reject)
      .finally(cancel);
  });
}

function send(
  { fetch, address, token }: CallSettings,
  { method, path, body, idempotencyKey }: Sendable,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${new TextDecoder().decode(token.expose())}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { [idempotencyHeader]: idempotencyKey }),
      accept: 'application/json, application/x-ndjson',
    },
    ...(body === undefined ? {} : { body }),
    // A redirect would carry the token to whoever it names.
    redirect: 'error',
    signal,
  });
}

/** Codes of Node's TLS (tls.md, "X509 certificate error codes") that another attempt does not mend. */
const refusedCertificate =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA|ERR_TLS_CERT_ALTNAME_INVALID$|HOSTNAME_MISMATCH$)/;

function codeOf(error: unknown): string | undefined {
  const { cause } = (error ?? {}) as { cause?: unknown };
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Set when the authority showed a certificate that is not trusted here: no token was sent. */
function certificateFault(error: unknown): Fault | undefined {
  const reason = codeOf(error);
  if (reason === undefined || !refusedCertificate.test(reason)) return undefined;
  return new Fault('authority-certificate-refused', { reason }, { cause: error });
}

export function unreachable(error: unknown): Failure {
  const reason = codeOf(error) ?? 'no connection';
  return { fault: new Fault('authority-unreachable', { reason }, { cause: error }) };
}

function failureOf(status: number, value: unknown): Failure {
  const fault = decodeFault(status, value);
  if (status === 429 || status >= 500) return { fault };
  throw fault;
}

const malformed = (what: string) =>
  new Fault('authority-answer-malformed', { what, field: 'body', problem: 'it is not JSON, or too long' });

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
