// The campaign in small: two replicas as processes on PostgreSQL, killed and cut off, their database stopped
// at once. More, with the disk synchronised: `npm run lab -- authority`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lackingPostgres } from '@firmseal/authority/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampled } from '../../tools/test-report/sample.ts';
import { skipTests } from '../../tools/test-report/skip-tests.ts';
import { runCampaign } from './campaign.ts';
import { type CampaignReport, renderReport } from './report.ts';

const lacking = lackingPostgres();
skipTests(lacking);

const folder = mkdtempSync(join(tmpdir(), 'firmseal-replicas-'));
afterAll(() => rmSync(folder, { recursive: true }));
const disturbances = sampled(
  { kills: 8, signerKills: 8, publisherKills: 8, stops: 2, cuts: 12 },
  { kills: 1, signerKills: 2, publisherKills: 1, stops: 1, cuts: 3 },
);
const crowd = sampled(1000, 8);

let report: CampaignReport;
beforeAll(async () => {
  if (lacking !== undefined) return;
  const size = sampled({ requests: 1000, replicas: 4 }, { requests: 40, replicas: 2 });
  const isWhole = sampled(true, false);
  report = await runCampaign(
    { ...size, seed: 'a sample', crowd, lines: 8, disturbances, fsync: isWhole, sqlite: isWhole },
    join(folder, 'crowd.sqlite'),
  );
  console.log(renderReport(report));
}, 600_000);

test('every answer is kept, no quota is exceeded, log and ledger go on from every head and checkpoint', () => {
  expect(report.violations).toEqual([]);
  expect(report.units).toBe(report.licenses);
  expect(report.units).toBeLessThanOrEqual(report.quota);
  expect(report.refused).toBeGreaterThan(0);
  expect(report.repeats).toBeGreaterThan(0);
  expect(report.headsSeen).toBeGreaterThan(0);
  expect(report.receipts).toBeGreaterThan(0);
  expect(report.checkpointsSeen).toBeGreaterThan(0);
});

test('one of a crowd gets the one unit', () => {
  for (const { chips, units } of report.crowds) expect([chips, units]).toEqual([crowd, 1]);
  expect(report.crowds.length).toBe(sampled(2, 1));
});

test('what was to disturb did', () => {
  expect(report.kills).toBeGreaterThan(0);
  expect(report.signerKills).toBeGreaterThan(0);
  expect(report.stops).toBeGreaterThan(0);
  expect(report.cuts).toBeGreaterThan(0);
});
