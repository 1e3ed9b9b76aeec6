// A request under an idempotency key is served once: a repeat gets the first answer, and another request
// under the same key is refused. The store has a hash of the key; the answer, which may hold a new token, is
// sealed under the key itself. Ids and tokens that a request makes are drawn from the key, so that a repeat
// after a crash, when there is no answer yet, finds what the first one made.

import { type Bytes, concatBytes, equalBytes, utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { Authority } from './authority.ts';

/** How long a repeat is known. */
const keptMs = 7 * 86_400_000;
const nonceSizeBytes = 12;

/** Random bytes of a request: of the system, or of its key. `label` tells those of one request apart. */
export type Draw = (label: string, sizeBytes: number) => Bytes;

/** What a handler is told of the request that it serves. */
export interface Turn {
  readonly draw: Draw;
  /** True when an earlier turn of the same request may have had its effect. */
  readonly again: boolean;
}

export const singleTurn = (authority: Authority): Turn => ({
  draw: (_, sizeBytes) => authority.crypto.randomBytes(sizeBytes),
  again: false,
});

export interface KeyedRequest {
  readonly key: string;
  /** Name of the call, and id of the token that asks: keys of others do not matter. */
  readonly call: string;
  readonly by: string;
  /** Everything that was asked. */
  readonly content: string;
}

type Serve = (turn: Turn) => Promise<unknown>;

/** Of this process: a repeat waits for the turn before it. */
const underWay = new WeakMap<Authority, Map<string, Promise<unknown>>>();

/**
 * The JSON value that the first turn answered, or that this one answers now. A fault is no answer: the next
 * repeat tries again. Throws `idempotency-key-reused`, and what `serve` throws.
 */
export async function serveOnce(authority: Authority, request: KeyedRequest, serve: Serve): Promise<unknown> {
  const waiting = underWay.get(authority) ?? new Map<string, Promise<unknown>>();
  underWay.set(authority, waiting);
  const name = `${request.by} ${request.call} ${request.key}`;
  const turn = (waiting.get(name) ?? Promise.resolve())
    .catch(() => undefined)
    .then(() => serveTurn(authority, request, serve));
  waiting.set(name, turn);
  try {
    return await turn;
  } finally {
    if (waiting.get(name) === turn) waiting.delete(name);
  }
}

async function serveTurn(
  authority: Authority,
  { key, call, by, content }: KeyedRequest,
  serve: Serve,
): Promise<unknown> {
  const { crypto, store, clock } = authority;
  const of = (label: string): Bytes =>
    crypto.hkdfSha256({
      ...{ ikm: utf8(key), salt: utf8(`${by} ${call}`), length: 32 },
      info: utf8(`firmseal/1 idempotency ${label}`),
    });
  const [keyHash, sealingKey] = [of('name'), of('answer')];
  const bodyHash = crypto.sha256(utf8(content));
  const atMs = clock.tickMs();
  const before = await store.beginRequest({ keyHash, bodyHash, atMs, forgetBeforeMs: atMs - keptMs });
  if (before !== undefined && !equalBytes(before.bodyHash, bodyHash))
    throw new Fault('idempotency-key-reused');
  if (before?.answer !== undefined) {
    const [nonce, sealed] = [before.answer.slice(0, nonceSizeBytes), before.answer.slice(nonceSizeBytes)];
    const plaintext = crypto.aes256GcmOpen({ key: sealingKey, nonce, aad: keyHash, sealed });
    if (plaintext === undefined) throw new Fault('internal-error', { detail: 'a kept answer does not open' });
    return JSON.parse(new TextDecoder().decode(plaintext));
  }
  const draw: Draw = (label, sizeBytes) => of(`draw ${label}`).slice(0, sizeBytes);
  const value = await serve({ draw, again: before !== undefined }).catch(async (fault: unknown) => {
    // Refused: nothing was done. What broke off in the middle stays noted, for the repeat to find.
    if (
      fault instanceof Fault &&
      before === undefined &&
      !/^(store|internal|authority-signer)-/.test(fault.code)
    )
      await store.forgetRequest(keyHash);
    throw fault;
  });
  const nonce = crypto.randomBytes(nonceSizeBytes);
  const plaintext = utf8(JSON.stringify(value));
  const sealed = crypto.aes256GcmSeal({ key: sealingKey, nonce, aad: keyHash, plaintext });
  await store.finishRequest(keyHash, concatBytes(nonce, sealed));
  return value;
}
