// A log in which an authority passed over a job's list of stations, or the stop of
// a site, contradicts itself.

import type { Bytes } from '@firmseal/bytes';
import { nodeCrypto as crypto } from '@firmseal/crypto-node';
import type { DecodedLogEntry } from '@firmseal/ledger';
import { expect, test } from 'vitest';
import { LoggedState } from './logged-state.ts';

const bytes = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const job = bytes(16, 1);
const [manifest, thumbprint] = [bytes(32, 2), bytes(32, 3)];
const minute = 60_000;

/** What is wrong with a log whose license, a minute after all else, is for that station. */
function contradictionsOf(station: string | undefined, stopped?: string): string[] {
  const state = new LoggedState(crypto);
  const order = { product: 'pump', quota: 1, mode: 'session', accepts: '' };
  const stop = { what: 'station', name: stopped ?? '', reason: 'contract ended' };
  const events: Pick<DecodedLogEntry, 'kind' | 'fields'>[] = [
    { kind: 'job-opened', fields: { job, manifest, ...order, stations: 'bench-1 shenzhen/*' } },
    { kind: 'job-approved', fields: { job } },
    { kind: 'unit-taken', fields: { job, thumbprint, unit: 0 } },
    ...(stopped === undefined ? [] : [{ kind: 'stop-set', fields: stop }]),
    {
      kind: 'license-issued',
      fields: {
        ...{ job, manifest, thumbprint, unit: 0, license: bytes(16, 4), digest: bytes(32, 5) },
        ...(station === undefined ? {} : { station }),
      },
    },
  ];
  for (const [sequence, event] of events.entries())
    state.add(sequence, { ...event, sequence, timeMs: (sequence + 1) * minute }, bytes(32, sequence));
  return state.contradictions.map(({ detail }) => detail);
}

test('a license for a station of the list, or of a site of it, is as it should be', () => {
  expect(contradictionsOf('bench-1')).toEqual([]);
  expect(contradictionsOf('shenzhen/line-3')).toEqual([]);
});

test('a license for another station, or without a station, is a contradiction', () => {
  expect(contradictionsOf('bench-2')).toEqual([expect.stringContaining('bench-2')]);
  expect(contradictionsOf(undefined)).toEqual([expect.stringContaining('does not list')]);
});

test('a license for a station of a site that was stopped is a contradiction', () => {
  expect(contradictionsOf('shenzhen/line-3', 'shenzhen/*')).toEqual([expect.stringContaining('stopped')]);
  expect(contradictionsOf('bench-1', 'shenzhen/*')).toEqual([]);
});
