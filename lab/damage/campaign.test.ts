import { expect, it } from 'vitest';
import { buildWeakenedAgent } from '../../device/agent/build.ts';
import { isWhole, sampled } from '../../tools/test-report/sample.ts';
import { DamageCampaign } from './campaign.ts';
import { prepareTarget } from './target.ts';

/** Every n-th single bit and length; every move of records and every cut at the edge of a record. */
const step = sampled(23, 421);
/** At least so many of what a step of 23 meets so often. */
const many = (count: number): number => Math.floor((count * 23) / step);

async function sample(options: Parameters<typeof prepareTarget>[0]) {
  const target = await prepareTarget(options);
  const { file, records, headerBytes } = target.sealed;
  const edges = new Set([12, 12 + headerBytes.length]);
  for (const { length } of records) edges.add(Math.max(...edges) + length);
  const campaign = new DamageCampaign(target);
  let atEdges = 0;
  campaign.runPackage((mutation, index) => {
    const atEdge = mutation.kind === 'truncation' && edges.has(mutation.file.length);
    if (atEdge) atEdges++;
    return atEdge || index % step === 0 || !['bit flip', 'truncation'].includes(mutation.kind);
  });
  campaign.runLicense((index) => index % step === 0);
  campaign.runForeign();
  expect(edges).toContain(file.length);
  expect(atEdges).toBe(edges.size - 1);
  return campaign.report;
}

it.each([
  ['stm32f427', 'resume'],
  ['stm32h743', 'erase'],
] as const)(
  '%s, policy %s: nothing is accepted, everything ends as specified',
  async (chipId, interruption) => {
    const { tried, answers, accepted, violations } = await sample({ chipId, interruption });
    expect(violations).toEqual([]);
    expect(accepted).toBe(0);
    expect(tried.get('bit flip')).toBeGreaterThan(many(1000));
    expect(tried.get('truncation')).toBeGreaterThan(many(150));
    expect([tried.get('exchange'), tried.get('repetition'), tried.get('loss')]).toEqual([10, 5, 5]);
    expect(tried.get('foreign license')).toBe(4);
    expect(tried.get('license bit flip')).toBeGreaterThan(many(150));
    for (const code of ['manifest-signature-invalid', 'record-hash-wrong', 'license-signature-invalid'])
      expect(answers.get(code)).toBeGreaterThan(many(50));
  },
);

const thumbprintTest = async () => {
  const agent = await buildWeakenedAgent('stm32f427', { 'license-thumbprint': '' });
  const campaign = new DamageCampaign(
    await prepareTarget({ chipId: 'stm32f427', interruption: 'resume', agent }),
  );
  campaign.runForeign();
  expect(campaign.report.accepted).toBe(1);
  expect(campaign.report.violations).toContain('license that is license-device-wrong: accepted');
};
// Each planted defect is an agent that is compiled: a sample has one.
if (isWhole) it('an agent without the check of the thumbprint is found out', thumbprintTest);

const planted = [
  [
    'the hash of a record',
    { 'record-hash': '(void)hash;' },
    /^record \d.*(not record-hash-wrong|flash operations)/,
  ],
  ['the signature of a license', { 'license-signature': '' }, /^license .*(accepted|flash operations)/],
] as const;

it.each(sampled<readonly (typeof planted)[number][]>(planted, planted.slice(0, 1)))(
  'an agent without the check of %s is found out',
  async (_, weakening, sign) => {
    const agent = await buildWeakenedAgent('stm32f427', weakening);
    const { violations } = await sample({ chipId: 'stm32f427', interruption: 'resume', agent });
    expect(violations.filter((text) => sign.test(text)).length).toBeGreaterThan(many(10));
  },
);
