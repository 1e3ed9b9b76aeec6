import { SeededRandom } from '@firmseal/virtual-stm32';
import { describe, expect, it } from 'vitest';
import { buildWeakenedAgent } from '../../device/agent/build.ts';
import { isWhole, sampled } from '../../tools/test-report/sample.ts';
import { type CutChoice, everySingleCut, PowerCampaign } from './campaign.ts';
import {
  confirmedScenario,
  installScenario,
  optionScenario,
  personalizationScenario,
  revertedScenario,
  type Scenario,
  updateScenario,
} from './scenarios.ts';

async function suffer(scenario: Scenario, choice: CutChoice) {
  const report = await new PowerCampaign(scenario).run(choice);
  expect(report.planned).toBeGreaterThan(5);
  expect(report.fired).toBe(report.planned);
  return report;
}

/**
 * Option bytes, the first operation for each message (after which the chip is another one, however few the
 * seed takes), and a share of all else by the seed: every one would take minutes.
 */
function few(seed: string, share: number): CutChoice {
  const random = new SeededRandom(`few ${seed}`);
  const chosen = (part: number) => random.below(2 ** 16) < part * 2 ** 16;
  let last = '';
  const begins = (phase: string) => {
    const isNew = phase !== last;
    last = phase;
    return isNew;
  };
  return {
    ...everySingleCut(seed, 0),
    first: ({ kind, edge, phase }) => {
      const isFirst = begins(phase);
      return isFirst || kind === 'option-bytes' || chosen(edge ? sampled(0.2, 0.06) : share);
    },
    again: () => chosen(sampled(0.2, 0.1)),
    second: ({ number }) => number % 17 === 0,
    classOf: () => 'any',
  };
}

const scenarios = [
  ['install', installScenario, 'resume'],
  ['update', updateScenario, 'erase'],
  ['update with option bytes', optionScenario, 'resume'],
  ['personalization', personalizationScenario, 'resume'],
  ['trial, confirmed', confirmedScenario, 'resume'],
  ['trial, reverted', revertedScenario, 'resume'],
] as const;

// In a sample each chip has every second scenario, by turns.
describe.each(['stm32h743', 'stm32f427'] as const)('%s', (chipId) => {
  const first = chipId === 'stm32h743' ? 0 : 1;
  it.each(
    sampled(
      [...scenarios],
      scenarios.filter((_, i) => i % 2 === first),
    ),
  )('%s, cut and cut again', async (name, make, interruption) => {
    const report = await suffer(
      await make({ chipId, interruption }),
      few(`${chipId} ${name}`, sampled(0.02, 0.004)),
    );
    expect(report.violations).toEqual([]);
    expect(report.states).toBeGreaterThan(2);
  });
});

/** Edges of runs and all that is no program, once each; no second cuts. */
const onlyFirst: CutChoice = {
  ...{ moments: ['torn', 'after'], secondMoments: [] },
  first: ({ kind, edge }) => kind !== 'program' || edge,
  again: () => false,
  second: () => false,
  classOf: () => 'any',
};

const weakenings = {
  'the boot asks for a valid record': [{ 'boot-valid-record': '' }, /boots a firmware that is not whole/],
  'INSTALLING is journaled before the first erase': [
    { 'install-journaled-before-erase': '', 'install-beginning-written': '' },
    /boots a firmware that is not whole/,
  ],
  'a state that is not firmly written is written once more': [
    { 'journal-firm-before-use': 'return FS_OK;' },
    /acts on a journal with a torn word/,
  ],
} as const;

// Each is an agent that is compiled: a sample has one.
it.each(Object.entries(weakenings).slice(0, sampled(3, 1)))(
  'an agent without this is found out: %s',
  async (_, [weakening, sign]) => {
    const agent = await buildWeakenedAgent('stm32h743', weakening);
    const report = await suffer(
      await updateScenario({ chipId: 'stm32h743', interruption: 'resume', agent }),
      onlyFirst,
    );
    expect(report.violations.filter((text) => sign.test(text)).length).toBeGreaterThan(0);
  },
);

/**
 * Sixteen times power is cut in the middle of the first write that a license leads to; the answer to the
 * seventeenth.
 */
async function seventeenth(agent?: Uint8Array): Promise<number | string> {
  const made = await installScenario({
    ...{ chipId: 'stm32h743', interruption: 'resume' },
    ...(agent ? { agent } : {}),
  });
  const { line, firmwares } = made;
  const { license, sealed } = firmwares[0]!;
  const { power } = line.chip;
  for (let unwrap = 1; unwrap <= 16; unwrap++) {
    line.package(sealed);
    power.onOperation = ({ kind, number, address }) => {
      const { areas } = sealed.manifest.core;
      if (kind === 'program' && address === areas[0]!.address && power.pending.length === 0)
        power.plan([{ operation: number + 1, moment: 'torn' }]);
    };
    line.license(license);
    expect(() => line.record(0, sealed.records[0]!)).toThrow('');
    power.onOperation = undefined;
    expect(power.fired).toHaveLength(unwrap);
    line.chip.powerOn();
  }
  line.package(sealed);
  return line.try(0x21, license.bundle).status;
}

it('a license has sixteen unwraps, however power is cut; without the count it has more', async () => {
  expect(await seventeenth()).toBe('license-unwraps-exhausted');
  if (!isWhole) return;
  const agent = await buildWeakenedAgent('stm32h743', {
    'license-unwraps-limited': '',
    'license-count-looked-at': 'FS_DEMAND(fs_now.unwraps == count, FS_ERR_INTERNAL_CHECK_FAILED);',
  });
  expect(await seventeenth(agent)).toBe(0);
});
