// What of the log webhooks tell (docs/webhooks.md): a job by its id, counts and words, and never a chip, a
// license or a person.

import type { WebhookEvent } from '@firmseal/authority-contract';
import { toHex } from '@firmseal/bytes';
import { decodeLogEntry, type LogFields, type LogRow } from '@firmseal/ledger';

type Data = Readonly<Record<string, string | number | boolean>>;

export interface Told {
  readonly type: WebhookEvent;
  readonly timeMs: number;
  readonly data: Data;
}

const pick = (fields: LogFields, ...names: readonly string[]): Data =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name];
      return value === undefined ? [] : [[name, value instanceof Uint8Array ? toHex(value) : value]];
    }),
  );

type Teller = (fields: LogFields, sequence: number) => { type: WebhookEvent; data: Data } | undefined;

const tellers: Readonly<Record<string, Teller>> = {
  'job-opened': (fields) => ({ type: 'job.opened', data: pick(fields, 'job', 'product', 'quota', 'mode') }),
  'job-closed': (fields) => ({ type: 'job.closed', data: pick(fields, 'job') }),
  'units-few': (fields) => ({ type: 'job.few-units', data: pick(fields, 'job', 'remaining', 'quota') }),
  alarm: (fields, alarm) => ({ type: 'alarm.raised', data: { alarm, ...pick(fields, 'reason', 'job') } }),
  'receipt-stored': (fields) => ({ type: 'receipt.stored', data: pick(fields, 'job', 'outcome', 'fresh') }),
  'rollout-set': (fields) =>
    fields['halted'] === true ? { type: 'rollout.halted', data: pick(fields, 'job', 'percent') } : undefined,
  // A device is stopped by its thumbprint, which stays here.
  'stop-set': (fields) => ({
    type: 'stop.set',
    data: pick(fields, 'what', ...(fields['what'] === 'device' ? [] : ['name'])),
  }),
};

/** Undefined for an entry that nobody is told of. */
export function toldBy({ entry, sequence }: LogRow): Told | undefined {
  const { kind, fields, timeMs } = decodeLogEntry(entry, sequence);
  const told = tellers[kind]?.(fields, sequence);
  return told && { ...told, timeMs };
}
