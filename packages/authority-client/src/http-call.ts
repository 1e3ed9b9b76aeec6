// Requests with a deadline, a bound on the answer, and repeats with growing pauses. What is asked and what an
// answer means is packages/authority-contract; this file knows only how to carry it.

import { decodeFault, type EncodedRequest } from '@firmseal/authority-contract';
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
  /** Whether the request may be sent again when nobody knows if it was served. */
  readonly repeatable: boolean;
}

/** `served`: false when the request certainly had no effect. */
interface Failure {
  readonly fault: Fault;
  readonly served: boolean;
}

type Attempt<T> = { readonly value: T } | Failure;

/**
 * The JSON value of the answer. Throws the authority's own fault (its field `from` says `authority`),
 * `authority-refused`, `authority-unreachable`, `authority-certificate-refused`, `authority-timeout` or
 * `authority-answer-malformed`.
 */
export function callJson(
  settings: CallSettings,
  request: EncodedRequest,
  { mostAnswerBytes, repeatable }: CallLimits,
): Promise<unknown> {
  return repeat(settings, repeatable, async (signal) => {
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
  return repeat(settings, true, async (signal) => {
    const response = await send(settings, request, signal);
    if (response.ok) return { value: response };
    return failureOf(response.status, parseJson(await readBoundedBody(response, 65_536)));
  });
}

async function repeat<T>(
  settings: CallSettings,
  repeatable: boolean,
  run: (signal: AbortSignal) => Promise<Attempt<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const result = await within(settings, attempt, run);
    if ('value' in result) return result.value;
    if (attempt >= settings.attempts || (result.served && !repeatable)) throw result.fault;
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
      resolve({ fault: new Fault('authority-timeout', { timeoutMs, attempts }), served: true });
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
  { method, path, body }: EncodedRequest,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${new TextDecoder().decode(token.expose())}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      accept: 'application/json, application/x-ndjson',
    },
    ...(body === undefined ? {} : { body }),
    // A redirect would carry the token to whoever it names.
    redirect: 'error',
    signal,
  });
}

/** Codes of the system that say that nobody took the request. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

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
  const fault = new Fault('authority-unreachable', { reason }, { cause: error });
  return { fault, served: !neverSent.has(reason) };
}

function failureOf(status: number, value: unknown): Failure {
  const fault = decodeFault(status, value);
  // 429 and 503 of the interface say that the request was not begun.
  if (status === 429 || status === 503) return { fault, served: fault.code === 'authority-refused' };
  if (status >= 500) return { fault, served: true };
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
