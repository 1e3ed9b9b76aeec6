// What gets no license, whatever its job: a device that was stolen or cloned, a product that is recalled, a
// station that is not trusted any more. An owner stops it at once, and the log says so.

import type { StopView } from '@firmseal/authority-contract';
import { Fault } from '@firmseal/fault';
import { entriesOfStation } from '@firmseal/station';
import type { Page, StopKey } from '../store/store.ts';
import type { Authority } from './authority.ts';

/** One that is in force keeps its reason. */
export async function setStop(
  authority: Authority,
  { kind, name, reason, by }: StopKey & { reason: string; by: string },
): Promise<StopView> {
  const { store, clock, signer } = authority;
  const atMs = clock.nowMs();
  const fields = { what: kind, name, reason, by };
  // First where it counts: what the signer stops gets nothing, whatever the database says.
  await signer.setStop({ kind, name, reason, atMs });
  await store.setStop({ kind, name, reason, atMs }, { timeMs: atMs, kind: 'stop-set', fields });
  return (await store.findStop({ kind, name })) ?? { kind, name, reason, atMs };
}

/** False when nothing was stopped. */
export async function liftStop(
  authority: Authority,
  { kind, name, by }: StopKey & { by: string },
): Promise<boolean> {
  const fields = { what: kind, name, by };
  const event = { timeMs: authority.clock.nowMs(), kind: 'stop-lifted', fields } as const;
  const lifted = await authority.store.liftStop({ kind, name }, event);
  await authority.signer.liftStop({ kind, name });
  return lifted;
}

export const listStops = (authority: Authority, page: Page): Promise<StopView[]> =>
  authority.store.listStops(page);

/** Of the station and of its sites; nothing where nobody said at which station. */
export const stopsOfStation = (name: string | undefined): StopKey[] =>
  name === undefined ? [] : entriesOfStation(name).map((entry) => ({ kind: 'station', name: entry }));

/** Throws `issue-stopped` for one that is. */
export async function requireNotStopped(authority: Authority, keys: readonly StopKey[]): Promise<void> {
  const stop = await authority.store.findStop(...keys);
  if (stop !== undefined)
    throw new Fault('issue-stopped', { what: stop.kind, name: stop.name, reason: stop.reason });
}
