// A sample of `npm run lab -- power --adoption`: power that goes while a sold board is taken over; and two
// plans that would not bear it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChip } from '@firmseal/chips';
import { type AdoptionStep, adoptionImage } from '@firmseal/personalization';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  adoptionFor,
  buildOldPrograms,
  type OldPrograms,
  planFor,
  type SoldAt,
  soldBoards,
  soldChip,
  type Way,
} from '../../device/agent/test/sold-board.ts';
import { adopterCode } from '../../device/agent/toolchain/adopter.ts';
import { copyKit } from '../../device/sdk/test/build-example.ts';
import { isWhole, sampled } from '../../tools/test-report/sample.ts';
import { hasTool } from '../../tools/toolchain.ts';
import { AdoptionCuts } from './adoption.ts';
import { cutMoments } from './campaign.ts';

const canBuild = hasTool('arm-none-eabi-gcc') && hasTool('cmake');
const folder = mkdtempSync(join(tmpdir(), 'firmseal-adoption-'));
afterAll(() => rmSync(folder, { recursive: true }));

const boardOf = (chipId: string): SoldAt => soldBoards.find(({ chip }) => chip.id === chipId)!;
const old = new Map<string, OldPrograms>();
beforeAll(() => {
  if (!canBuild) return;
  const kit = copyKit(folder);
  for (const at of soldBoards) old.set(at.chip.id, buildOldPrograms(kit, at));
});

function cutsOf(chipId: string, way: Way, image?: Uint8Array): AdoptionCuts {
  const at = boardOf(chipId);
  const chip = soldChip(at, old.get(chipId)!);
  return new AdoptionCuts({ chip, at, way, image: image ?? adoptionFor(at, way) });
}

/** The image with other steps than those of the plan. */
function imageWith(chipId: string, change: (steps: readonly AdoptionStep[]) => AdoptionStep[]): Uint8Array {
  const at = boardOf(chipId);
  const plan = planFor(at, 'bootloader');
  if (!plan.possible) throw new Error('no plan');
  const { addressStart } = at.application;
  return adoptionImage(at.chip, adopterCode(chipId), { address: addressStart, steps: change(plan.steps) });
}

const ways: readonly [string, Way][] = [
  ['stm32h743', 'bootloader'],
  ['stm32f427', 'application'],
  ['stm32h743', 'application'],
  ['stm32f427', 'bootloader'],
];

describe.skipIf(!canBuild)('power that goes while a sold board is taken over', () => {
  test.each(sampled(ways, ways.slice(0, 1)))(
    '%s by the %s: an old program or the new agent starts',
    (id, way) => {
      const report = cutsOf(id, way).sample(`${id} ${way}`, sampled(9, 1), sampled(cutMoments, ['torn']));
      expect(report.violations).toEqual([]);
      expect(report.fired).toBe(report.planned);
      expect(report.planned).toBeGreaterThan(sampled(5, 1));
      expect(report.started.get('agent')).toBeGreaterThan(sampled(2, 0));
    },
  );

  const unswitched = () => {
    const image = imageWith('stm32f427', (steps) =>
      steps.flatMap((step): AdoptionStep[] => {
        if (step.kind !== 'units') return [];
        const { when: _, ...always } = step;
        return step.units.addressStart === findChip('stm32f427').flash.addressStart ? [always] : [];
      }),
    );
    const cuts = cutsOf('stm32f427', 'bootloader', image);
    const [stage] = cuts.stages();
    const erase = stage!.operations.filter(
      ({ kind, address }) => kind === 'erase' && address === 0x0800_0000,
    );
    cuts.cut(stage!, erase.at(-1)!, 'after');
    expect(cuts.report.violations.join()).toContain('nothing starts');
  };
  if (isWhole)
    test(
      'an anchor that is written over the bootloader, without a switch, leaves nothing that starts',
      unswitched,
    );

  test('a boot address that changes in one write can start nothing', () => {
    const chip = findChip('stm32h743');
    const image = imageWith(chip.id, (steps) => {
      const boot = steps.filter((step) => step.kind === 'option' && step.meaning.includes('a reset starts'));
      const [first, last] = [boot[0], boot.at(-1)];
      if (first?.kind !== 'option' || last?.kind !== 'option') throw new Error('no switch');
      const all = steps.filter((step) => !boot.includes(step));
      return [...all, { ...last, ...(first.when === undefined ? {} : { when: first.when }) }];
    });
    const cuts = cutsOf(chip.id, 'bootloader', image);
    const [stage] = cuts.stages();
    const write = stage!.operations.find(({ kind }) => kind === 'option-bytes')!;
    for (let tries = 0; tries < 12 && cuts.report.violations.length === 0; tries++)
      cuts.cut({ ...stage!, name: `try ${tries}` }, write, 'torn');
    expect(cuts.report.violations.join()).toContain('nothing starts');
  });
});
