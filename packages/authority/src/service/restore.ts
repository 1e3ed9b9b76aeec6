// Whether the database is the one that this authority wrote last: a head of the log that is kept apart
// from it. An older database has forgotten units, revoked tokens and closed jobs, so an authority does
// not start on one, unless its owner accepts it: then every token is revoked, every job has to be
// approved again, and the log says so.

import { equalBytes, fromHex, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { LogHead } from '@firmseal/ledger';
import type { Store } from '../store/store.ts';
import type { AuthorityClock } from './clock.ts';

/** Keeps one short text apart from the database; `write` replaces it whole. */
export interface HeadFile {
  read(): string | undefined;
  write(text: string): void;
}

/** `SIZE HEAD`, the head in hexadecimal: also what an auditor notes. */
export const formatHead = ({ size, head }: LogHead): string => `${size} ${toHex(head)}`;

/** Undefined for a text that is none. */
export function parseHead(text: string): LogHead | undefined {
  const [, size, head] = /^(\d{1,15}) ([0-9a-f]{64})\s*$/.exec(text) ?? [];
  return size === undefined || head === undefined ? undefined : { size: Number(size), head: fromHex(head) };
}

/** Whether the log still begins with the entries up to the head. */
async function continues(store: Store, known: LogHead): Promise<boolean> {
  if (known.size === 0) return true;
  const [row] = await store.readLog(known.size - 1, 1);
  return row?.sequence === known.size - 1 && equalBytes(row.head, known.head);
}

/**
 * To be called before the authority serves. Throws `database-went-back`, unless `acceptRestore`: then
 * everything is suspended. True when it was.
 */
export async function checkHead(
  { store, clock }: { store: Store; clock: Pick<AuthorityClock, 'nowMs'> },
  file: HeadFile,
  { acceptRestore = false }: { acceptRestore?: boolean } = {},
): Promise<boolean> {
  const text = file.read();
  const known = text === undefined ? undefined : parseHead(text);
  const { size } = await store.logHead();
  const sound = text === undefined || (known !== undefined && (await continues(store, known)));
  if (sound) return false;
  if (!acceptRestore)
    throw new Fault('database-went-back', { size, known: known?.size ?? 'an unknown number of' });
  const timeMs = clock.nowMs();
  const fields = { known: known?.size ?? 0, size, by: 'local' };
  await store.suspendAll(timeMs, { timeMs, kind: 'database-restored', fields });
  await keepHead(store, file);
  return true;
}

/** Notes the present head. Throws what writing the file throws. */
export async function keepHead(store: Pick<Store, 'logHead'>, file: HeadFile): Promise<void> {
  const text = `${formatHead(await store.logHead())}\n`;
  if (file.read() !== text) file.write(text);
}
