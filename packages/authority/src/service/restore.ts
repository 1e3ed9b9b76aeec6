// Whether the database is the one that this authority wrote last: a head of the log that is kept apart
// from it. An older database has forgotten units, revoked tokens and closed jobs, so an authority does
// not start on one, unless the root of each product signed that it goes on from there (spec/approval.md
// section 5): then every token is revoked, every job has to be approved again, and the log holds what
// the roots signed, for every audit to check.

import { readRestoreUnverified, verifyRestore } from '@firmseal/approval';
import { type Bytes, equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { decodeLogEntry, emptyHead, type LogEvent, type LogHead } from '@firmseal/ledger';
import type { Store } from '../store/store.ts';
import type { Authority } from './authority.ts';

/** Keeps one short text apart from the database; `write` replaces it whole. */
export interface HeadFile {
  read(): string | undefined;
  write(text: string): void;
}

/** `SIZE HEAD`, the head in hexadecimal: also what an auditor notes. */
export const formatHead = ({ size, head }: LogHead): string => `${size} ${toHex(head)}`;

/** Undefined for a text that is no head of a log. */
export function parseHead(text: string): LogHead | undefined {
  const [, size, head] = /^(\d{1,15}) ([0-9a-f]{64})\s*$/.exec(text) ?? [];
  return size === undefined || head === undefined ? undefined : { size: Number(size), head: fromHex(head) };
}

/** Whether the log still begins with the entries up to the head. */
async function continues(store: Store, known: LogHead): Promise<boolean> {
  if (known.size === 0) return equalBytes(known.head, emptyHead);
  const [row] = await store.readLog(known.size - 1, 1);
  return row?.sequence === known.size - 1 && equalBytes(row.head, known.head);
}

type Restored = Pick<Authority, 'store' | 'clock' | 'crypto' | 'products'>;

/** What the root of each product signed. Throws `restore-missing`, and what verifyRestore throws. */
function verifiedStatements({ crypto, products }: Restored, given: readonly Bytes[]) {
  const byProduct = new Map(given.map((bytes) => [readRestoreUnverified(bytes).product, bytes]));
  return [...products.values()].map((trust) => {
    const bytes = byProduct.get(trust.product);
    if (bytes === undefined) throw new Fault('restore-missing', { product: trust.product });
    return { product: trust.product, bytes, statement: verifyRestore(crypto, bytes, trust) };
  });
}

/**
 * To be called before the authority serves. Throws `database-went-back`, unless `statements` are given: then
 * everything is suspended. True when it was; false also where another replica did it before. Throws
 * `restore-missing`, `restore-malformed`, `restore-signature-invalid`, `restore-wrong`.
 */
export async function checkHead(
  authority: Restored,
  file: HeadFile,
  { statements = [] }: { statements?: readonly Bytes[] } = {},
): Promise<boolean> {
  const { store, clock } = authority;
  const text = file.read();
  const known = text === undefined ? undefined : parseHead(text);
  const present = await store.logHead();
  const sound = text === undefined || (known !== undefined && (await continues(store, known)));
  if (sound) return false;
  const { size } = present;
  if (statements.length === 0)
    throw new Fault('database-went-back', {
      ...{ size, head: toHex(present.head) },
      known: known?.size ?? 'an unknown number of',
    });
  const verified = verifiedStatements(authority, statements);
  for (const { statement } of verified) {
    const { logSize, logHead } = statement;
    if (!(await continues(store, { size: logSize, head: logHead })))
      throw new Fault('restore-wrong', { what: 'log' });
    if (logSize !== size && !(await wasAccepted(store, logSize)))
      throw new Fault('restore-wrong', { what: 'end of the log' });
  }
  const due = verified.filter(({ statement }) => statement.logSize === size);
  const timeMs = clock.nowMs();
  const fields = { known: known?.size ?? 0, size, by: 'local' };
  const events = due.map(
    ({ product, bytes }): LogEvent => ({
      ...{ timeMs, kind: 'database-restored' },
      fields: { ...fields, product, statement: bytes },
    }),
  );
  for (const event of events) await store.suspendAll(timeMs, event);
  await keepHead(store, file);
  return events.length > 0;
}

/** Whether another replica went on from this size by the same word. */
async function wasAccepted(store: Store, size: number): Promise<boolean> {
  const [row] = await store.readLog(size, 1);
  return row !== undefined && decodeLogEntry(row.entry, size).kind === 'database-restored';
}

/** Notes the present head. Throws what writing the file throws. */
export async function keepHead(store: Pick<Store, 'logHead'>, file: HeadFile): Promise<void> {
  const text = `${formatHead(await store.logHead())}\n`;
  if (file.read() !== text) file.write(text);
}
