// The campaign of the line in a sample: `firmseal line run` under kills and a bad cable, and the accounts at
// the end. Whole: `npm run lab -- line`.

import { expect, test } from 'vitest';
import { sampled } from '../../tools/test-report/sample.ts';
import { renderLineReport, runLineCampaign } from './campaign.ts';

test('journal, authority and chips agree after kills of the line and of the authority', async () => {
  const size = sampled(
    { sockets: 32, machineSockets: 1, chips: 200, lineKills: 10, authorityKills: 5 },
    { sockets: 4, machineSockets: 0, chips: 10, lineKills: 2, authorityKills: 1 },
  );
  const report = await runLineCampaign({ seed: 'a shift', faultRate: 0.05, ...size });
  console.log(renderLineReport(report));
  expect(report.violations).toEqual([]);
  expect(report.chips).toBe(size.chips);
  expect(report.passed).toBe(size.chips);
  expect([report.lineKills, report.authorityKills]).toEqual([size.lineKills, size.authorityKills]);
  expect(Object.values(report.faults).some((count) => count > 0)).toBe(true);
}, 600_000);
