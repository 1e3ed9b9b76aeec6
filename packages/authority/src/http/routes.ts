// The whole HTTP interface as one application: the table of packages/authority-contract,
// each call with its handler.

import {
  type Call,
  type CallName,
  calls,
  encodeAnswer,
  encodeEvidenceLine,
  idempotencyHeader,
  isIdempotencyKey,
  ledgerScopes,
} from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { exportEvidence } from '../service/evidence.ts';
import { serveOnce, singleTurn, type Turn } from '../service/repeats.ts';
import type { TokenRecord } from '../store/records.ts';
import { addressOf } from './address-of.ts';
import { serveConsole } from './console-files.ts';
import { type Application, createApplication, type HttpOptions, limitBody, readInput } from './gate.ts';
import { type AnsweredCall, createHandlers } from './handlers.ts';
import { HealthProbe } from './health.ts';
import { addLedgerRoutes } from './ledger-routes.ts';
import { allowOrigins } from './origins.ts';

export function createRoutes(options: HttpOptions): Application {
  const { application, allow, limitPublic } = createApplication(options);
  const { authority } = options;
  if (options.console !== undefined) serveConsole(application, options.console);
  const handlers = createHandlers(authority, new HealthProbe(authority));

  for (const name of Object.keys(calls) as CallName[]) {
    const item: Call = calls[name];
    const path = item.path.replace(/\{(\w+)\}/g, ':$1');
    if (item.scopes.includes('update'))
      application.on([item.method, 'OPTIONS'], path, allowOrigins(authority, limitPublic, addressOf));
    if (item.scopes.length > 0) application.on(item.method, path, allow(item.scopes));
    application.on(item.method, path, limitBody(item.mostRequestBytes));
    if (name === 'exportEvidence') continue;
    const handle = handlers[name as AnsweredCall] as (
      input: unknown,
      by: string,
      turn: Turn,
      token: TokenRecord | undefined,
    ) => Promise<unknown>;
    application.on(item.method, path, async (context) => {
      const input = await readInput(item, context);
      const token: TokenRecord | undefined = context.get('token');
      const by = token?.tokenId ?? '';
      const serve = async (turn: Turn) => encodeAnswer(item, (await handle(input, by, turn, token)) as never);
      const key = item.repeatable ? undefined : context.req.header(idempotencyHeader);
      if (key === undefined) return context.json((await serve(singleTurn(authority))) as object, item.status);
      if (!isIdempotencyKey(key))
        throw new Fault('body-invalid', { field: idempotencyHeader, problem: '22 to 64 letters are due' });
      const content = `${context.req.path}\n${await context.req.text()}`;
      const answer = await serveOnce(authority, { key, call: name, by, content }, serve);
      return context.json(answer as object, item.status);
    });
  }

  addLedgerRoutes(application, allow(ledgerScopes), authority.ledger);
  const { method, path } = calls.exportEvidence;
  application.on(method, path, async (context) => {
    await readInput(calls.exportEvidence, context);
    const pages = exportEvidence(authority.store, authority.clock.nowMs);
    // The first page is asked for here, so that a fault of the store is an answer of its own.
    const first = await pages.next();
    return context.body(streamOf(first, pages), 200, { 'Content-Type': 'application/x-ndjson' });
  });
  return application;
}

type Pages = ReturnType<typeof exportEvidence>;

/** Lines of JSON, a page whenever the other side has taken the one before. */
function streamOf(first: Awaited<ReturnType<Pages['next']>>, pages: Pages): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Promise<typeof first> = Promise.resolve(first);
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await next;
      if (done) {
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(value.map((line) => `${encodeEvidenceLine(line)}\n`).join('')));
      next = pages.next();
    },
    cancel: async () => {
      await pages.return(undefined);
    },
  });
}
