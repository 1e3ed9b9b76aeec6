// One POST of JSON with a deadline, a bound on the answer, and repeats with growing pauses. Every call of the
// authority's interface can be repeated: challenges cost nothing, licenses go by request id and unit,
// receipts by license. What the calls mean is authority-client.ts.

import type { Secret } from '@firmseal/bytes';
import { Fault, type FaultFields, faultCodeOf } from '@firmseal/fault';
import { readBoundedBody } from './bounded-body.ts';

/** The clock of packages/link has this form. */
export interface CallClock {
  after(delayMs: number, action: () => void): () => void;
}

export interface CallSettings {
  readonly fetch: typeof fetch;
  readonly clock: CallClock;
  readonly token: Secret;
  /** Of one attempt, the body of the answer included. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** The first pause; each further one is twice as long. */
  readonly pauseMs: number;
}

export type JsonObject = Readonly<Record<string, unknown>>;

const mostBodyBytes = 65_536;
const mostFields = 16;

type Attempt = { readonly value: JsonObject } | { readonly again: Fault };

/**
 * The JSON object of the answer. Throws the authority's own fault (its field `from` says `authority`),
 * `authority-refused`, `authority-unreachable`, `authority-timeout` or `authority-answer-malformed`.
 */
export async function postJson(settings: CallSettings, url: string, body: JsonObject): Promise<JsonObject> {
  for (let attempt = 1; ; attempt++) {
    const result = await within(settings, attempt, (signal) => once(settings, { url, body, signal }));
    if ('value' in result) return result.value;
    if (attempt >= settings.attempts) throw result.again;
    const pauseMs = settings.pauseMs * 2 ** (attempt - 1);
    await new Promise<void>((resolve) => settings.clock.after(pauseMs, resolve));
  }
}

/** Runs an attempt against the clock: a transport that ignores the signal is left behind. */
function within(
  { clock, timeoutMs }: CallSettings,
  attempts: number,
  run: (signal: AbortSignal) => Promise<Attempt>,
): Promise<Attempt> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      resolve({ again: new Fault('authority-timeout', { timeoutMs, attempts }) });
      controller.abort();
    });
    run(controller.signal).then(resolve, reject).finally(cancel);
  });
}

async function once(
  settings: CallSettings,
  { url, body, signal }: { url: string; body: JsonObject; signal: AbortSignal },
): Promise<Attempt> {
  let response: Response;
  let text: string | undefined;
  try {
    response = await settings.fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${new TextDecoder().decode(settings.token.expose())}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(body),
      // A redirect would carry the token to whoever it names.
      redirect: 'error',
      signal,
    });
    text = await readBoundedBody(response, mostBodyBytes);
  } catch (cause) {
    return { again: new Fault('authority-unreachable', { reason: reasonOf(cause) }, { cause }) };
  }
  const value = text === undefined ? undefined : parseObject(text);
  if (response.status >= 200 && response.status < 300) {
    if (value === undefined) throw new Fault('authority-answer-malformed', { what: new URL(url).pathname });
    return { value };
  }
  const fault = faultOfAnswer(response.status, value);
  if (response.status === 429 || response.status >= 500) return { again: fault };
  throw fault;
}

/** A short word for why a fetch failed: the system's error code where there is one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no connection';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return 'no connection';
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

function faultOfAnswer(status: number, value: JsonObject | undefined): Fault {
  const { number, code, fields } = value ?? {};
  const known = typeof number === 'number' ? faultCodeOf(number) : undefined;
  // Name and number have to agree; sentence and remedy are always those of this program's own table.
  if (known === undefined || known !== code)
    return new Fault('authority-refused', { from: 'authority', status });
  return new Fault(known, { ...scalarFields(fields), from: 'authority', status });
}

function scalarFields(fields: unknown): FaultFields {
  if (typeof fields !== 'object' || fields === null) return {};
  const scalars = Object.entries(fields).filter(
    (entry): entry is [string, string | number | boolean] =>
      typeof entry[1] === 'number' ||
      typeof entry[1] === 'boolean' ||
      (typeof entry[1] === 'string' && entry[1].length <= 300),
  );
  return Object.fromEntries(scalars.slice(0, mostFields));
}
