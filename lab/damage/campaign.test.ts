import { expect, it } from 'vitest';
import { buildWeakenedAgent } from '../../device/agent/build.ts';
import { DamageCampaign } from './campaign.ts';
import { prepareTarget } from './target.ts';

/** Every 23rd single bit and length; every move of records and every cut at the edge of a record. */
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
    return atEdge || index % 23 === 0 || !['bit flip', 'truncation'].includes(mutation.kind);
  });
  campaign.runLicense((index) => index % 23 === 0);
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
    expect(tried.get('bit flip')).toBeGreaterThan(1000);
    expect(tried.get('truncation')).toBeGreaterThan(150);
    expect([tried.get('exchange'), tried.get('repetition'), tried.get('loss')]).toEqual([10, 5, 5]);
    expect(tried.get('foreign license')).toBe(4);
    expect(tried.get('license bit flip')).toBeGreaterThan(150);
    for (const code of ['manifest-signature-invalid', 'record-hash-wrong', 'license-signature-invalid'])
      expect(answers.get(code)).toBeGreaterThan(50);
  },
);

it('an agent without the check of the thumbprint is found out', async () => {
  const agent = await buildWeakenedAgent('stm32f427', { 'license-thumbprint': '' });
  const campaign = new DamageCampaign(
    await prepareTarget({ chipId: 'stm32f427', interruption: 'resume', agent }),
  );
  campaign.runForeign();
  expect(campaign.report.accepted).toBe(1);
  expect(campaign.report.violations).toContain('license that is license-device-wrong: accepted');
});

it.each([
  [
    'the hash of a record',
    { 'record-hash': '(void)hash;' },
    /^record \d.*(not record-hash-wrong|flash operations)/,
  ],
  ['the signature of a license', { 'license-signature': '' }, /^license .*(accepted|flash operations)/],
] as const)('an agent without the check of %s is found out', async (_, weakening, sign) => {
  const agent = await buildWeakenedAgent('stm32f427', weakening);
  const { violations } = await sample({ chipId: 'stm32f427', interruption: 'resume', agent });
  expect(violations.filter((text) => sign.test(text)).length).toBeGreaterThan(10);
});
