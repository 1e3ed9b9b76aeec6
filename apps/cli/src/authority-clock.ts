// This machine's clock beside that of an authority, as its answer about health says it.

import { askHealth, readAuthorityAddress } from '@firmseal/authority-client';
import { Fault } from '@firmseal/fault';
import type { Shell } from './shell.ts';
import { tlsFetch } from './tls-fetch.ts';

/** What a round trip and two sound clocks may differ by. */
export const mostSecondsApart = 120;

/** Positive where this machine is later; undefined where the authority does not say its time. */
export function secondsApart(now: Date, theirDate: string | null): number | undefined {
  const theirs = theirDate === null ? Number.NaN : Date.parse(theirDate);
  return Number.isNaN(theirs) ? undefined : Math.round((now.getTime() - theirs) / 1000);
}

/**
 * Throws `clock-differs`, `authority-unreachable` also where it does not say its time, and what a wrong
 * address throws.
 */
export async function compareClocks(shell: Shell, authority: string): Promise<void> {
  const address = readAuthorityAddress(authority);
  const { date } = await askHealth(address, tlsFetch(shell)).catch((cause: unknown) => {
    throw new Fault('authority-unreachable', { reason: 'no answer about its clock' }, { cause });
  });
  const seconds = secondsApart(new Date(), date);
  if (seconds === undefined) throw new Fault('authority-unreachable', { reason: 'it does not say its time' });
  if (Math.abs(seconds) > mostSecondsApart)
    throw new Fault('clock-differs', {
      seconds: Math.abs(seconds),
      direction: seconds > 0 ? 'later' : 'earlier',
    });
}
