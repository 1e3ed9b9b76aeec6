// The files of the ledger over HTTP (spec/ledger.md section 3), as any web server would serve the folder.
// Checkpoint and tiles are for everybody, opened entries for owners and auditors.

import { ledgerPrefix } from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import type { Context, MiddlewareHandler } from 'hono';
import type { Ledger } from '../service/ledger.ts';
import type { Application, Env } from './gate.ts';

const number = '(?:x\\d{3}/){0,4}\\d{3}';
const publicFile = new RegExp(`^(?:checkpoint|tile/(?:entries|[0-6])/${number}(?:\\.p/(?:[1-9]\\d{0,2}))?)$`);
const openedFile = new RegExp(`^opened/${number}$`);
/** Tiles never change; a checkpoint and the newest opened file do. */
const forYears = { 'Cache-Control': 'public, max-age=31536000, immutable' };

async function answer(context: Context<Env>, ledger: Ledger | undefined, pattern: RegExp): Promise<Response> {
  if (ledger === undefined) throw new Fault('ledger-not-kept');
  const path = context.req.path.slice(ledgerPrefix.length);
  const bytes = pattern.test(path) ? await ledger.folder.read(path) : undefined;
  if (bytes === undefined) throw new Fault('route-unknown');
  const type = path === 'checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
  const caching = path.startsWith('tile/') ? forYears : {};
  return context.body(bytes as Uint8Array<ArrayBuffer>, 200, { 'Content-Type': type, ...caching });
}

export function addLedgerRoutes(
  application: Application,
  allow: MiddlewareHandler<Env>,
  ledger: Ledger | undefined,
): void {
  application.use(`${ledgerPrefix}opened/*`, allow);
  application.get(`${ledgerPrefix}opened/*`, (context) => answer(context, ledger, openedFile));
  application.get(`${ledgerPrefix}*`, (context) => answer(context, ledger, publicFile));
}
