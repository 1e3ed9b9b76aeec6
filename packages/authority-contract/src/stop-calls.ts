// What an owner stops at once, and lets go on: a device, a product, a station.

import { z } from 'zod';
import { call } from './call.ts';
import * as of from './encodings.ts';
import { mostItems, pageOf } from './job-view.ts';

/**
 * `device` by its thumbprint in hexadecimal, `product` and `station` by their names, `SITE/*` a whole site.
 */
export const stopKinds = ['device', 'product', 'station'] as const;
export type StopKind = (typeof stopKinds)[number];

const name = z.string().regex(/^[!-~]{1,64}$/, '1 to 64 printable ASCII characters without a blank are due');
const stopped = { kind: z.enum(stopKinds), name } as const;

const stopView = z.object({ ...stopped, reason: of.shownText(200), atMs: of.timeMs });
export type StopView = z.output<typeof stopView>;

export const stopCalls = {
  setStop: call({
    method: 'POST',
    path: '/v1/stops',
    scopes: ['owner'],
    about:
      'From now on no license is given to a device, for a product, or to a station (`SITE/*`: to every station of a site), whatever the job. Receipts are still taken. One that is in force keeps its reason.',
    input: z.strictObject({ ...stopped, reason: of.reason }),
    answer: stopView,
  }),
  liftStop: call({
    method: 'POST',
    path: '/v1/stops/lift',
    scopes: ['owner'],
    about: 'Ends a stop. `lifted` is false when nothing was stopped.',
    input: z.strictObject(stopped),
    answer: z.object({ lifted: z.boolean() }),
  }),
  listStops: call({
    method: 'GET',
    path: '/v1/stops',
    scopes: ['owner', 'auditor', 'approver'],
    about: 'Lists what is stopped, newest first, from the place `from` on.',
    input: z.strictObject(pageOf),
    answer: z.object({ stops: z.array(stopView).max(mostItems), more: z.boolean() }),
    mostAnswerBytes: 1_048_576,
  }),
} as const;
