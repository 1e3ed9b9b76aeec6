// A sample of `npm run lab -- power`: power that goes while an agent is replaced; and two defences
// without which it would do harm.

import { findChip } from '@firmseal/chips';
import { expect, test } from 'vitest';
import { buildWeakenedAgent, buildWeakenedAnchor } from '../../device/agent/build.ts';
import { portedChips } from '../../device/agent/toolchain/targets.ts';
import { isWhole, sampled } from '../../tools/test-report/sample.ts';
import { AgentUpdateCuts, type CutPoint, edgesAndSome } from './agent-update.ts';

const chips = sampled(portedChips(), ['stm32h743']);

test.each(chips)('%s: an agent starts and the application stands, whatever is cut', async (chipId) => {
  const cuts = await AgentUpdateCuts.create(chipId);
  const report = cuts.run(edgesAndSome(chipId, sampled(50, 600)), sampled(undefined, ['torn']));
  expect(report.violations).toEqual([]);
  expect(report.fired).toBe(report.planned);
  expect(report.planned).toBeGreaterThan(20);
  expect(report.previous).toBeGreaterThan(5);
  expect(report.renewed).toBeGreaterThan(2);
});

// Of a dozen torn erases some leave the beginning of an identity before cells that cannot be read.
const tornSlot = async (agent?: Uint8Array) => {
  const cuts = await AgentUpdateCuts.create('stm32h743', agent);
  return cuts.run(({ step, kind }) => step === 'start' && kind === 'erase', ['torn'], sampled(20, 12));
};

test('whatever a torn erase of the slot leaves, an agent starts; some contents stopped the anchor', async () => {
  expect((await tornSlot()).violations).toEqual([]);
  const instead = 'FS_TRY(fs_flash_read(identity, kept, KEPT));';
  const agent = await buildWeakenedAnchor('stm32h743', { 'anchor-passes-torn-identity': instead });
  expect((await tornSlot(agent)).violations.length).toBeGreaterThan(0);
});

test('an agent that does not look whether its head was written gives a receipt for nothing', async () => {
  const instead = 'if (fs_now.update.status == FS_UPDATE_NONE && stands() != FS_YES) return forget();';
  const agent = await buildWeakenedAgent('stm32h743', { 'agent-update-settled': instead });
  const { addressStart } = findChip('stm32h743').layout.agentCopy;
  const cuts = await AgentUpdateCuts.create('stm32h743', agent);
  const ofTheHead = ({ step, address }: CutPoint) => step === 'last record' && address === addressStart;
  const { violations } = cuts.run(ofTheHead, ['before', 'torn']);
  expect(violations.join()).toContain('receipt of the agent');
});

// A second copy of the identity that is not made again at once is missing when the anchor erases the first.
const planted = async () => {
  const agent = await buildWeakenedAgent('stm32h743', { 'agent-update-heals-identity': ';' });
  const cuts = await AgentUpdateCuts.create('stm32h743', agent);
  const atStart = edgesAndSome('planted', 10_000);
  const report = cuts.run((point) => point.step === 'start' && atStart(point));
  expect(report.violations.length).toBeGreaterThan(0);
};
if (isWhole) test('an agent that does not make the copy again is found out', planted);
