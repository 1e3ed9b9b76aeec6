// The example of README.md, run against an authority that answers from a table.

import { Secret, utf8 } from '@firmseal/bytes';
import { systemClock } from '@firmseal/link';
import { expect, test } from 'vitest';
import { AuthorityClient, accessForJob } from './index.ts';

const job = '0a'.repeat(16);
const view = {
  ...{
    job,
    product: 'pump',
    mode: 'session',
    state: 'approved',
    accepts: [],
    outcomes: {},
    stated: {},
    quota: 4,
    remaining: 4,
    fewUnits: 0,
    isFew: false,
    units: 0,
  },
  ...{
    voided: 0,
    licenses: 0,
    installed: 0,
    receipts: 0,
    createdAtMs: 5,
    packages: [],
    approvalsNeeded: 0,
    approvals: [],
  },
};
const answers: Readonly<Record<string, unknown>> = {
  '/v1-jobs': { jobs: [view], more: false },
  [`/v1-jobs/${job}/challenge`]: { challenge: '00'.repeat(32) },
};
const fetchTable = (async (url: string) =>
  Response.json(answers[new URL(url).pathname.replace('/v1/', '/v1-')])) as typeof fetch;

test('the example', async () => {
  const token = new Secret(utf8('fso_0123456789abcdef'));
  const client = new AuthorityClient({
    address: 'https://authority.example',
    token,
    clock: systemClock,
    fetch: fetchTable,
  });
  const { jobs } = await client.call('listJobs', { limit: 10 });
  const line = accessForJob(client, jobs[0]!.job);
  const challenge = await line.giveChallenge('hello');
  expect(challenge).toEqual(new Uint8Array(32));
});
