// What an auditor calls, beside the lists that owners read too: all evidence in one stream.

import { z } from 'zod';
import { call } from './call.ts';

export const auditorCalls = {
  health: call({
    method: 'GET',
    path: '/v1/health',
    scopes: [],
    about:
      'Answers when the authority could read and write its database just now; else with the fault that it met, `store-full` for example.',
    input: z.strictObject({}),
    answer: z.object({ status: z.literal('ok') }),
  }),
  exportEvidence: call({
    method: 'GET',
    path: '/v1/export',
    scopes: ['owner', 'auditor'],
    about:
      'Streams the evidence of every job as lines of JSON (`application/x-ndjson`), as it stood at one moment, however busy the lines are.',
    input: z.strictObject({}),
    answer: z.never(),
  }),
} as const;
