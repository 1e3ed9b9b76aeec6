// Two power cuts, one after the other, while the journal changes halves: the confirmation of a state is
// torn; while the state is written again into the other half, power fails before the erase of the half
// that holds the torn word.

import { SeededRandom } from '@firmseal/virtual-stm32';
import { expect, test } from 'vitest';
import { buildWeakenedAgent } from '../../device/agent/build.ts';
import { NoAnswer } from '../../device/agent/test/line.ts';
import { isWhole } from '../../tools/test-report/sample.ts';
import { type Scenario, updateScenario } from './scenarios.ts';

const chipId = 'stm32h743';
const stateBytes = 1120;
const markBytes = 32;

/** Whether every word of both halves can be read without an ECC fault. */
const isClean = ({ line: { chip } }: Scenario) =>
  chip.chip.layout.journal
    .flatMap(({ eraseUnits }) => eraseUnits)
    .every(({ addressStart, sizeBytes }) => chip.judge.isReadable(addressStart, sizeBytes));

/** Tears the first confirmation that a license leads to, then cuts the recovery ahead of its last erase. */
async function tornThenCut(agent?: Uint8Array): Promise<boolean> {
  const scenario = await updateScenario({ chipId, interruption: 'resume', ...(agent ? { agent } : {}) });
  const { chip } = scenario.line;
  const { power } = chip;
  scenario.steps[0]!.send();
  const before = chip.judge.snapshot();
  const random = new SeededRandom('torn confirmation');
  // H743 programs 32 bytes at a time: the state, then its confirmation. Some tears
  // leave a word that can be read.
  const confirmation = power.operations + stateBytes / 32 + markBytes / 32;
  do {
    chip.judge.restore(before, { seed: `${random.below(1000)}` });
    power.plan([{ operation: confirmation, moment: 'torn' }]);
    expect(scenario.steps[1]!.send).toThrow(NoAnswer);
  } while (isClean(scenario));
  const fired = power.fired.length;
  const erases: number[] = [];
  const dark = chip.judge.snapshot();
  power.onOperation = ({ kind, number }) => kind === 'erase' && erases.push(number);
  chip.powerOn();
  power.onOperation = undefined;
  expect(erases.length).toBe(2);
  expect(isClean(scenario)).toBe(true);
  chip.judge.restore(dark);
  power.plan([{ operation: erases[1]!, moment: 'before' }]);
  chip.powerOn();
  expect(power.fired).toHaveLength(fired + 1);
  expect(isClean(scenario)).toBe(false);
  chip.powerOn();
  expect(scenario.line.chip.bootedApplication).toBeDefined();
  return isClean(scenario);
}

test('a torn confirmation in the older half is erased before anything is acted on', async () => {
  expect(await tornThenCut()).toBe(true);
});

const plantedTest = async () => {
  const agent = await buildWeakenedAgent(chipId, { 'journal-unconfirmed-is-unclean': '' });
  expect(await tornThenCut(agent)).toBe(false);
};
if (isWhole) test('an agent that looks at the newest confirmation only is found out', plantedTest);
