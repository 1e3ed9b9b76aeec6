// The kill campaign in small: real processes, real SIGKILL. In a sample two scenarios of one spread over
// every point; whole, all of it; more: `npm run lab -- kill`.

import { durableWrites } from '@firmseal/authority';
import { requestTypes } from '@firmseal/link';
import { beforeAll, describe, expect, test } from 'vitest';
import { sampled } from '../../tools/test-report/sample.ts';
import { Bench } from './bench.ts';
import { type CampaignReport, runCampaign } from './campaign.ts';
import { authorityPoints, betweenCommitAndSignature, ownerWrites, stationPoints } from './kill-point.ts';
import { type CampaignPlan, killsOf, planCampaign } from './plan.ts';
import { killsBetweenCommitAndSignature, renderReport } from './report.ts';
import { runScenario } from './scenario.ts';

const seed = 'every point once';

describe('the plan', () => {
  const { scenarios, ownerKills } = planCampaign(seed, 1);
  const planned = scenarios.flatMap(({ runs }) =>
    runs.flatMap(({ station, authority }) => [...authority, ...(station ? [station] : [])]),
  );
  const points = new Set(planned.map(({ point }) => point));

  test('is the same for the same seed, and another for another', () => {
    expect(planCampaign(seed, 2)).toEqual(planCampaign(seed, 2));
    expect(planCampaign(seed, 1)).not.toEqual(planCampaign('another', 1));
  });

  test('kills at every point of station and authority', () => {
    expect([...stationPoints, ...authorityPoints].filter(({ point }) => !points.has(point))).toEqual([]);
  });

  test('kills before and after every durable write of the store', () => {
    const killed = new Set([...points, ...ownerKills.map(({ write, phase }) => `store/${write}/${phase}`)]);
    for (const write of durableWrites)
      for (const phase of ['before', 'after']) expect(killed).toContain(`store/${write}/${phase}`);
    expect(ownerKills).toHaveLength(2 * ownerWrites.length);
  });

  test('kills around every frame of an install', () => {
    // Of firmware: no kill is planned in personalizing, recovering, loading or replacing an agent.
    const others = /^(personalize-|agent-|recover$)/;
    const names = Object.keys(requestTypes).filter((name) => !others.test(name));
    for (const name of names)
      for (const phase of ['sending', 'sent', 'answer-came', 'answer-taken'])
        expect(points).toContain(`frame/${name}/${phase}`);
  });
});

describe('a database that forgets what it had committed when it was killed', () => {
  test('is found out', async () => {
    const bench = await Bench.start('forgetful');
    const authority = [{ point: 'store/insertReceipt/before', nth: 1 }];
    try {
      const run = runScenario(bench, { name: 'forgetful', runs: [{ authority }], forgetful: true });
      await expect(run).rejects.toThrow(/license-unknown/);
    } finally {
      await bench.host.stop();
      await bench.end();
    }
  });
});

/** The shortest scenarios that kill the authority between a unit's commit and its license's signature. */
const few: CampaignPlan = (() => {
  const { scenarios } = planCampaign(seed, 1);
  const between = scenarios.filter(({ runs }) =>
    runs.some(({ authority }) => authority.some(({ point }) => betweenCommitAndSignature.includes(point))),
  );
  const withStation = between.filter(({ runs }) => runs.some(({ station }) => station !== undefined));
  const shortest = withStation.sort((a, b) => a.runs.length - b.runs.length).slice(0, 2);
  return { scenarios: shortest, ownerKills: [] };
})();

describe('kill -9 of authority and station', () => {
  let report: CampaignReport;
  const only = few.scenarios.map(({ name }) => name);
  beforeAll(async () => {
    report = await runCampaign({ seed, rounds: 1, ...sampled({ benches: 3 }, { benches: 1, only }) });
    console.log(renderReport(report));
  }, 300_000);

  test('the same command finishes the same chips, and nothing else is found wrong', () => {
    expect(report.violations).toEqual([]);
    expect(report.chipsPassed).toBe(report.chips);
  });

  test('every planned kill happened', () => {
    const happened = [...report.kills.values()].reduce((sum, count) => sum + count, 0);
    expect(happened).toBe(killsOf(sampled(planCampaign(seed, 1), few)));
    expect(happened).toBeGreaterThan(2);
  });

  test('kills lay between the commit of a unit and the signature of its license', () => {
    expect(killsBetweenCommitAndSignature(report)).toBeGreaterThanOrEqual(sampled(10, 1));
    expect(report.unitsWithoutLicenseSeen).toBe(killsBetweenCommitAndSignature(report));
  });

  test('no unit is spent twice: as many as chips, each with its verified receipt', () => {
    expect(report.units).toBe(report.chips);
    expect(report.unitsWithReceipt).toBe(report.units);
    expect(report.licenses).toBeGreaterThanOrEqual(report.units);
    expect(report.receipts).toBeGreaterThanOrEqual(report.units);
  });
});
